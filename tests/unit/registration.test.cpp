// SPDX-License-Identifier: MIT
#include <cstddef>
#include <functional>
#include <memory>
#include <type_traits>
#include <unordered_set>

#include <gtest/gtest.h>

#if defined(__cpp_lib_format)
#include <format>
#endif

#include <eventp/fd.hpp>
#include <eventp/registration.hpp>

namespace eventp {
namespace {

TEST(Registration, IsEqualOnlyToTheSameNumberAndGeneration) {
    EXPECT_EQ(Registration(7, 42), Registration(7, 42));
    EXPECT_NE(Registration(7, 42), Registration(7, 43));
    EXPECT_NE(Registration(7, 42), Registration(8, 42));
    EXPECT_EQ(Registration(7, 42).fd(), 7);
    EXPECT_EQ(Registration(7, 42).generation(), 42U);
}

TEST(Registration, HashesNumberAndGeneration) {
    const std::hash<Registration> hash;
    std::unordered_set<Registration> names;
    std::unordered_set<std::size_t> hashes;
    for (int fd = -1; fd < 20; ++fd) {
        for (unsigned generation = 0; generation < 20; ++generation) {
            names.emplace(fd, generation);
            hashes.insert(hash(Registration{fd, generation}));
        }
    }

    EXPECT_EQ(names.size(), 21U * 20U);
    EXPECT_EQ(hashes.size(), names.size());
    EXPECT_EQ(hash(Registration{7, 42}), hash(Registration{7, 42}));
}

TEST(Registration, IsEightBytesThatAreCopiedLikeAnInt) {
    static_assert(sizeof(Registration) == 8);
    static_assert(std::is_trivially_copyable_v<Registration>);
    SUCCEED();
}

#if defined(__cpp_lib_format)
TEST(Registration, IsFormattedAsItsString) {
    EXPECT_EQ(std::format("{:>6}", Registration{7, 42}), "  7#42");
}
#endif

TEST(Key, OfARegistrationNamesExactlyThatRegistration)  // [registration.stale]
{
    const Key key = Registration{7, 42};

    EXPECT_EQ(key.fd(), 7);
    EXPECT_EQ(key.generation(), 42U);
}

TEST(Key, OfARegistrationThatNamesNobodyNamesNobody)  // [registration.stale]
{
    EXPECT_EQ(Key{Registration{}}.fd(), -1);
    EXPECT_EQ(Key(Registration(7, 0)).fd(), -1) << "must not name whatever has the number 7";
}

TEST(Key, OfADescriptorNamesWhateverIsRegisteredUnderItsNumber) {
    const auto takes = [](Key key) { return key; };
    BorrowedFd borrowed{7};
    const BorrowedFd constant{7};
    const auto pointer = std::make_unique<BorrowedFd>(7);

    EXPECT_EQ(takes(borrowed), takes(BorrowedFd{7}));
    EXPECT_EQ(takes(constant), takes(pointer));
    EXPECT_EQ(takes(&borrowed), takes(std::ref(borrowed)));
    EXPECT_EQ(takes(borrowed).fd(), 7);
    EXPECT_EQ(takes(borrowed).generation(), 0U);
    EXPECT_NE(takes(borrowed), takes(Registration(7, 42)));
}

TEST(Key, IsNotMadeFromANumber) {
    static_assert(!std::is_convertible_v<int, Key>);
    static_assert(!std::is_constructible_v<Key, int>);
    SUCCEED();
}

}  // namespace
}  // namespace eventp
