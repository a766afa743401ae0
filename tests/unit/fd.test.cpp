// SPDX-License-Identifier: MIT
#include <eventp/fd.hpp>

#include <cerrno>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>

#include <gtest/gtest.h>

#include "support/files.hpp"

namespace foreign {

/// As Asio's sockets and descriptors: the member is not const.
struct AsioLike {
    int native_handle() { return number; }
    int number = 7;
};
struct ByLookup {
    int number = 7;
};
int as_fd(const ByLookup& x) {
    return x.number;
}
struct GivesLong {
    [[nodiscard]] long fd() const { return 7; }
};
struct GivesReference {
    [[nodiscard]] const int& fd() const { return number; }
    int number = 7;
};
struct ConvertsToInt {
    operator int() const { return 7; }  // NOLINT(google-explicit-constructor): it is the point
};
struct AllThree {
    [[nodiscard]] int fd() const { return 1; }
    [[nodiscard]] int native_handle() const { return 2; }
};
int as_fd(const AllThree& /*x*/) {
    return 3;
}

}  // namespace foreign

namespace eventp {
namespace {

using support::is_open;
using support::make_eventfd;

TEST(OwnedFd, ClosesItsDescriptorWhenItIsDestroyed)  // [fd.owned]
{
    int number = -1;
    {
        const OwnedFd owner = make_eventfd();
        number = owner.fd();
        EXPECT_TRUE(is_open(number));
        EXPECT_TRUE(owner);
    }

    EXPECT_FALSE(is_open(number));
}

TEST(OwnedFd, OwnsNothingByDefaultAndWhenMovedFrom)  // [fd.owned]
{
    OwnedFd first = make_eventfd();
    const int number = first.fd();

    const OwnedFd second = std::move(first);

    EXPECT_EQ(second.fd(), number);
    EXPECT_EQ(first.fd(), -1);  // NOLINT(bugprone-use-after-move): that is the promise
    EXPECT_FALSE(first);
    EXPECT_EQ(OwnedFd{}.fd(), -1);
    EXPECT_TRUE(is_open(number));
}

TEST(OwnedFd, ClosesTheOldDescriptorWhenItIsAssigned)  // [fd.owned]
{
    OwnedFd target = make_eventfd();
    OwnedFd source = make_eventfd();
    const int old = target.fd();
    const int fresh = source.fd();

    target = std::move(source);

    EXPECT_FALSE(is_open(old));
    EXPECT_TRUE(is_open(fresh));
    EXPECT_EQ(target.fd(), fresh);
}

TEST(OwnedFd, SurvivesBeingMovedIntoItself)  // [fd.owned]
{
    OwnedFd owner = make_eventfd();
    OwnedFd& same = owner;
    const int number = owner.fd();

    owner = std::move(same);

    EXPECT_EQ(owner.fd(), number);
    EXPECT_TRUE(is_open(number));
}

TEST(OwnedFd, ReleasesTheDescriptorWithoutClosingIt)  // [fd.owned]
{
    OwnedFd owner = make_eventfd();

    const OwnedFd other{owner.release()};

    EXPECT_FALSE(owner);
    EXPECT_TRUE(is_open(other.fd()));
}

TEST(OwnedFd, ResetClosesTheOldDescriptorAndOwnsTheNewOne)  // [fd.owned]
{
    OwnedFd owner = make_eventfd();
    const int old = owner.fd();
    const int fresh = make_eventfd().release();

    owner.reset(fresh);
    EXPECT_FALSE(is_open(old));
    EXPECT_EQ(owner.fd(), fresh);

    owner.reset(fresh);
    EXPECT_TRUE(is_open(fresh)) << "the same number again is not closed";

    owner.reset();
    EXPECT_FALSE(is_open(fresh));
    EXPECT_FALSE(owner);
}

TEST(OwnedFd, DoesNotChangeErrno)  // [fd.owned]
{
    OwnedFd bad{support::closed_number()};  // closing it fails

    errno = EPIPE;
    bad.reset();

    EXPECT_EQ(errno, EPIPE);
}

TEST(OwnedFd, IsMovedAndNotCopied)  // [fd.owned]
{
    static_assert(!std::is_copy_constructible_v<OwnedFd> && !std::is_copy_assignable_v<OwnedFd>);
    static_assert(std::is_nothrow_move_constructible_v<OwnedFd>);
    static_assert(std::is_nothrow_move_assignable_v<OwnedFd>);
    static_assert(!std::is_convertible_v<int, OwnedFd> && !std::is_convertible_v<OwnedFd, int>);
    static_assert(sizeof(OwnedFd) == sizeof(int));
    SUCCEED();
}

TEST(BorrowedFd, ClosesNothing) {
    const OwnedFd owner = make_eventfd();
    {
        const BorrowedFd borrowed{owner.fd()};
        EXPECT_EQ(borrowed.fd(), owner.fd());
    }

    EXPECT_TRUE(is_open(owner.fd()));
    static_assert(BorrowedFd{}.fd() == -1);
    static_assert(!std::is_convertible_v<int, BorrowedFd>);
}

TEST(Descriptor, IsReadByMemberOrByArgumentDependentLookup)  // [fd.descriptor]
{
    BorrowedFd member{7};
    foreign::AsioLike handle;
    foreign::ByLookup lookup;
    const foreign::ByLookup constant;

    EXPECT_EQ(fd_of(member), 7);
    EXPECT_EQ(fd_of(handle), 7);
    EXPECT_EQ(fd_of(lookup), 7);
    EXPECT_EQ(fd_of(constant), 7);
    static_assert(!Descriptor<const foreign::AsioLike>, "its member is not const");
}

TEST(Descriptor, IsReadByFdBeforeNativeHandleBeforeLookup)  // [fd.descriptor]
{
    foreign::AllThree all;

    EXPECT_EQ(fd_of(all), 1);
}

TEST(Descriptor, MayBeAPointerToADescriptor)  // [fd.descriptor]
{
    foreign::AsioLike object;
    auto* raw = &object;
    auto wrapped = std::ref(object);
    auto unique = std::make_unique<foreign::AsioLike>();
    auto shared = std::make_shared<foreign::AsioLike>();
    const auto constant = std::make_unique<foreign::AsioLike>();

    EXPECT_EQ(fd_of(raw), 7);
    EXPECT_EQ(fd_of(wrapped), 7);
    EXPECT_EQ(fd_of(unique), 7);
    EXPECT_EQ(fd_of(shared), 7);
    EXPECT_EQ(fd_of(constant), 7) << "const on a pointer does not make the pointee const";
    static_assert(Descriptor<const BorrowedFd*>);
    static_assert(!Descriptor<const foreign::AsioLike*>);
}

TEST(Descriptor, IsReadAgainAtEachCall)  // [fd.descriptor]
{
    foreign::AsioLike object;
    EXPECT_EQ(fd_of(object), 7);

    object.number = 8;

    EXPECT_EQ(fd_of(object), 8);
}

TEST(Descriptor, IsNoTypeThatReturnsAnotherTypeThanInt)  // [fd.descriptor]
{
    static_assert(!Descriptor<int>);
    static_assert(!Descriptor<int*>);
    static_assert(!Descriptor<std::unique_ptr<int>>);
    static_assert(!Descriptor<std::jthread>, "its native_handle is a pthread_t");
    static_assert(!Descriptor<foreign::ConvertsToInt>);
    static_assert(!Descriptor<foreign::GivesLong>);
    static_assert(!Descriptor<foreign::GivesReference>);
    static_assert(!Descriptor<std::string>);
    static_assert(!Descriptor<OwnedFd&>, "an object, not a reference");
    SUCCEED();
}

}  // namespace
}  // namespace eventp
