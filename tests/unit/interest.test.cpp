// SPDX-License-Identifier: MIT
#include <eventp/interest.hpp>

#include <cstdint>
#include <type_traits>

#include <gtest/gtest.h>

#include <sys/epoll.h>

#include <eventp/event.hpp>

namespace eventp {
namespace {

/// A flag of Interest in all its forms.
struct Flag {
    const char* name;
    std::uint32_t bit;
    Interest (Interest::*set)() const noexcept;
    bool (Interest::*is)() const noexcept;
};

constexpr Flag flags[] = {
    {"read", EPOLLIN, &Interest::read, &Interest::is_read},
    {"write", EPOLLOUT, &Interest::write, &Interest::is_write},
    {"read_hangup", EPOLLRDHUP, &Interest::read_hangup, &Interest::is_read_hangup},
    {"priority", EPOLLPRI, &Interest::priority, &Interest::is_priority},
    {"edge_triggered", std::uint32_t{EPOLLET}, &Interest::edge_triggered,
     &Interest::is_edge_triggered},
    {"oneshot", EPOLLONESHOT, &Interest::oneshot, &Interest::is_oneshot},
    {"keep_awake", EPOLLWAKEUP, &Interest::keep_awake, &Interest::keeps_awake},
    {"exclusive", EPOLLEXCLUSIVE, &Interest::exclusive, &Interest::is_exclusive},
};

constexpr std::uint32_t every_bit = 0xFFFF'FFFF;

TEST(Interest, SetsExactlyTheBitOfEachFlag) {
    for (const Flag& flag : flags) {
        SCOPED_TRACE(flag.name);
        EXPECT_EQ((Interest{}.*flag.set)().bits(), flag.bit);
        EXPECT_EQ((Interest{every_bit}.*flag.set)().bits(), every_bit);
    }
}

TEST(Interest, WithoutRemovesExactlyTheBitsOfItsArgument) {
    for (const Flag& flag : flags) {
        SCOPED_TRACE(flag.name);
        const Interest removed = (Interest{}.*flag.set)();
        EXPECT_EQ(Interest{every_bit}.without(removed).bits(), every_bit & ~flag.bit);
        EXPECT_EQ(Interest{}.without(removed).bits(), 0U);
    }
}

TEST(Interest, TestsExactlyTheBitOfEachFlag) {
    for (const Flag& flag : flags) {
        SCOPED_TRACE(flag.name);
        EXPECT_TRUE((Interest{flag.bit}.*flag.is)());
        EXPECT_FALSE((Interest{every_bit & ~flag.bit}.*flag.is)());
    }
}

TEST(Interest, ReadWriteIsReadAndWriteTogether) {
    EXPECT_EQ(Interest{}.read_write(), Interest{}.read().write());
}

TEST(Interest, IsEmptyIfNoConditionIsRequestedWhateverTheModesAre) {
    EXPECT_TRUE(Interest{}.is_empty());
    EXPECT_TRUE(Interest{}.edge_triggered().oneshot().keep_awake().is_empty());
    for (const std::uint32_t condition :
         {std::uint32_t{EPOLLIN}, std::uint32_t{EPOLLOUT}, std::uint32_t{EPOLLRDHUP},
          std::uint32_t{EPOLLPRI}, std::uint32_t{EPOLLERR}, std::uint32_t{EPOLLHUP}}) {
        EXPECT_FALSE(Interest{condition}.is_empty()) << condition;
    }
}

TEST(Interest, IsValidWithAllFlagsExceptExclusive) {
    Interest all;
    for (const Flag& flag : flags) {
        all = (all.*flag.set)();
    }

    EXPECT_TRUE(all.without(Interest{}.exclusive()).is_valid());
    EXPECT_TRUE(Interest{}.is_valid());
}

TEST(Interest, RefusesExclusiveWithReadHangupPriorityAndOneshot)  // [interest.exclusive]
{
    const Interest exclusive = Interest{}.exclusive();

    EXPECT_TRUE(exclusive.read_write().edge_triggered().keep_awake().is_valid());
    EXPECT_FALSE(exclusive.read_hangup().is_valid());
    EXPECT_FALSE(exclusive.priority().is_valid());
    EXPECT_FALSE(exclusive.oneshot().is_valid());
}

TEST(Interest, IsInvalidWithABitThatLinuxDoesNotDefine) {
    const std::uint32_t known = EPOLLIN | EPOLLPRI | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLRDNORM |
                                EPOLLRDBAND | EPOLLWRNORM | EPOLLWRBAND | EPOLLMSG | EPOLLRDHUP |
                                EPOLLEXCLUSIVE | EPOLLWAKEUP | EPOLLONESHOT |
                                std::uint32_t{EPOLLET};
    for (std::uint32_t bit = 1; bit != 0; bit <<= 1U) {
        EXPECT_EQ(Interest{bit}.is_valid(), (bit & known) != 0) << bit;
    }
}

TEST(Interest, CanBeAConstantExpression) {
    static_assert(Interest{}.read().edge_triggered().bits() == (EPOLLIN | EPOLLET));
    static_assert(Interest{}.read_write().without(Interest{}.write()) == Interest{}.read());
    static_assert(Interest{EPOLLIN} != Interest{EPOLLOUT});
    SUCCEED();
}

TEST(Interest, IsNeitherAnEventNorANumber) {
    static_assert(!std::is_convertible_v<Interest, Event>);
    static_assert(!std::is_constructible_v<Event, Interest>);
    static_assert(!std::is_constructible_v<Interest, Event>);
    static_assert(!std::is_convertible_v<std::uint32_t, Interest>);
    static_assert(!std::is_convertible_v<Interest, std::uint32_t>);
    static_assert(sizeof(Interest) == sizeof(std::uint32_t));
    SUCCEED();
}

TEST(Interest, InErrorsOnlyHasNoOtherConditionAndKeepsTheModes) {  // [interest.errors_only]
    constexpr Interest errors = Interest{}.errors_only();
    EXPECT_EQ(errors.bits(), EPOLLERR | EPOLLHUP);
    EXPECT_FALSE(errors.is_empty());
    EXPECT_TRUE(errors.is_valid());
    for (const Flag& flag : flags) {
        const Interest before = (Interest{}.*flag.set)();
        const Interest after = before.errors_only();
        EXPECT_EQ((after.*flag.is)(), before.is_empty()) << flag.name << ": the modes stay";
        EXPECT_EQ(after.errors_only(), after) << flag.name;
        EXPECT_TRUE(after.is_valid()) << flag.name;
    }
    EXPECT_EQ(to_string(errors), "EPOLLERR|EPOLLHUP");
}

}  // namespace
}  // namespace eventp
