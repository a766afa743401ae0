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
#include <eventp/registration_id.hpp>

namespace eventp {
namespace {

TEST(RegistrationId, IsEqualOnlyToTheSameDescriptorAndGeneration) {
    EXPECT_EQ(RegistrationId(7, 42), RegistrationId(7, 42));
    EXPECT_NE(RegistrationId(7, 42), RegistrationId(7, 43));
    EXPECT_NE(RegistrationId(7, 42), RegistrationId(8, 42));
    EXPECT_EQ(RegistrationId(7, 42).fd(), 7);
    EXPECT_EQ(RegistrationId(7, 42).generation(), 42U);
}

TEST(RegistrationId, HashesDescriptorAndGeneration) {
    const std::hash<RegistrationId> hash;
    std::unordered_set<RegistrationId> names;
    std::unordered_set<std::size_t> hashes;
    for (int fd = -1; fd < 20; ++fd) {
        for (unsigned generation = 0; generation < 20; ++generation) {
            names.emplace(fd, generation);
            hashes.insert(hash(RegistrationId{fd, generation}));
        }
    }

    EXPECT_EQ(names.size(), 21U * 20U);
    EXPECT_EQ(hashes.size(), names.size());
    EXPECT_EQ(hash(RegistrationId{7, 42}), hash(RegistrationId{7, 42}));
}

TEST(RegistrationId, IsEightBytesThatAreCopiedLikeAnInt) {
    static_assert(sizeof(RegistrationId) == 8);
    static_assert(std::is_trivially_copyable_v<RegistrationId>);
    SUCCEED();
}

#if defined(__cpp_lib_format)
TEST(RegistrationId, IsFormattedAsItsString) {
    EXPECT_EQ(std::format("{:>6}", RegistrationId{7, 42}), "  7#42");
}
#endif

TEST(RegistrationKey, OfARegistrationIdIdentifiesExactlyThatRegistration)  // [registration.stale]
{
    const RegistrationKey key = RegistrationId{7, 42};

    EXPECT_EQ(key.fd(), 7);
    EXPECT_EQ(key.generation(), 42U);
}

TEST(RegistrationKey, OfAnEmptyRegistrationIdIdentifiesNothing)  // [registration.stale]
{
    EXPECT_EQ(RegistrationKey{RegistrationId{}}.fd(), -1);
    EXPECT_EQ(RegistrationKey(RegistrationId(7, 0)).fd(), -1)
        << "must not name whatever has the number 7";
}

TEST(RegistrationKey, OfADescriptorIdentifiesWhateverIsRegisteredUnderIt) {
    const auto takes = [](RegistrationKey key) { return key; };
    BorrowedFd borrowed{7};
    const BorrowedFd constant{7};
    const auto pointer = std::make_unique<BorrowedFd>(7);

    EXPECT_EQ(takes(borrowed), takes(BorrowedFd{7}));
    EXPECT_EQ(takes(constant), takes(pointer));
    EXPECT_EQ(takes(&borrowed), takes(std::ref(borrowed)));
    EXPECT_EQ(takes(borrowed).fd(), 7);
    EXPECT_EQ(takes(borrowed).generation(), 0U);
    EXPECT_NE(takes(borrowed), takes(RegistrationId(7, 42)));
}

TEST(RegistrationKey, IsNotMadeFromANumber) {
    static_assert(!std::is_convertible_v<int, RegistrationKey>);
    static_assert(!std::is_constructible_v<RegistrationKey, int>);
    SUCCEED();
}

}  // namespace
}  // namespace eventp
