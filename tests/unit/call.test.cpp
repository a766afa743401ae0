// SPDX-License-Identifier: MIT
//
// Which of the two comes first, the end of the caller's time or the start of the closure.
#include <eventp/detail/call.hpp>

#include <chrono>
#include <thread>

#include <gtest/gtest.h>

#include <unistd.h>

#include "support/blocked.hpp"
#include "support/watchdog.hpp"

namespace eventp::detail {
namespace {

/// A call that no mailbox holds.
class Call : public CallState<int> {};

constexpr auto long_ago = std::chrono::steady_clock::time_point{};

TEST(CallState, IsGivenUpWhenTheTimeIsOverAndItHasNotStarted) {  // [remote.timeout]
    Call call;

    EXPECT_FALSE(call.wait_or_give_up(long_ago));

    EXPECT_FALSE(call.start());
    EXPECT_FALSE(call.is_done());
}

TEST(CallState, IsWaitedForOnceItHasStartedThoughTheTimeIsOver) {  // [remote.timeout]
    Call call;
    ASSERT_TRUE(call.start());
    const std::jthread reactor{[&call, caller = ::gettid()] {
        support::wait_until_blocked(caller);
        call.answer(5);
    }};

    ASSERT_TRUE(call.wait_or_give_up(long_ago));

    ASSERT_TRUE(call.is_done());
    EXPECT_EQ(call.take(), 5);
}

TEST(CallState, GivesTheAnswerThatCameInTimeThoughTheTimeIsOverNow) {  // [remote.timeout]
    Call call;
    ASSERT_TRUE(call.start());
    call.answer(6);

    ASSERT_TRUE(call.wait_or_give_up(long_ago));

    EXPECT_EQ(call.take(), 6);
}

}  // namespace
}  // namespace eventp::detail
