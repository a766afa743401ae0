// SPDX-License-Identifier: MIT
#include <eventp/version.hpp>

#include <string>

#include <gtest/gtest.h>

namespace eventp {
namespace {

TEST(Version, OfTheHeadersHasTheFormMajorMinorPatch) {  // [version.headers]
    EXPECT_EQ(std::string{EVENTP_VERSION_STRING}, std::to_string(EVENTP_VERSION_MAJOR) + '.' +
                                                      std::to_string(EVENTP_VERSION_MINOR) + '.' +
                                                      std::to_string(EVENTP_VERSION_PATCH));
}

TEST(Version, OfTheLibraryEqualsThatOfItsHeaders) {  // [version.runtime]
    EXPECT_EQ(version(), EVENTP_VERSION_STRING);
}

}  // namespace
}  // namespace eventp
