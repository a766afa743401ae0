// SPDX-License-Identifier: MIT
#include <eventp/result.hpp>

#include <cerrno>
#include <system_error>
#include <type_traits>

#include <gtest/gtest.h>

namespace eventp {
namespace {

TEST(Result, HoldsAnErrorInTheCategoryOfTheKernel) {
    const Result<int> result = detail::error(std::errc::file_exists);

    ASSERT_FALSE(result);
    EXPECT_EQ(result.error(), std::errc::file_exists);
    EXPECT_EQ(result.error(), std::error_code(EEXIST, std::system_category()));
}

TEST(Result, WithoutAValueHoldsOnlyWhetherTheCallSucceeded) {
    const Result<> good;
    const Result<> bad = detail::error(std::errc::bad_file_descriptor);

    EXPECT_TRUE(good);
    EXPECT_EQ(bad.error().value(), EBADF);
    static_assert(std::is_void_v<Result<>::value_type>);
}

}  // namespace
}  // namespace eventp
