// SPDX-License-Identifier: MIT
//
// The deadline of the caller passes before or after the closure starts.
#include <eventp/detail/call.hpp>

#include <chrono>
#include <thread>

#include <gtest/gtest.h>

#include <unistd.h>

#include "support/threads.hpp"
#include "support/watchdog.hpp"

namespace eventp::detail {
namespace {

/// A call that no mailbox holds.
class Call : public CallState<int> {
public:
    void finish_with(int result) {
        set_result(result);
        finish();
    }
};

constexpr auto long_ago = std::chrono::steady_clock::time_point{};

TEST(CallState, IsAbandonedAtTheDeadlineIfItHasNotStarted) {  // [remote.timeout]
    Call call;

    EXPECT_FALSE(call.wait_until(long_ago));

    EXPECT_FALSE(call.start());
    EXPECT_FALSE(call.is_done());
}

TEST(CallState, IsWaitedForPastTheDeadlineIfItHasStarted) {  // [remote.timeout] [remote.cancel]
    for (const bool is_cancelled : {false, true}) {
        Call call;
        ASSERT_TRUE(call.start());
        const std::jthread reactor{[&call, caller = ::gettid()] {
            support::wait_until_blocked(caller);
            call.finish_with(5);
        }};

        EXPECT_TRUE(is_cancelled ? !call.abandon() : call.wait_until(long_ago));

        ASSERT_TRUE(call.is_done());
        EXPECT_EQ(call.take(), 5);
    }
}

TEST(CallState, ReturnsAResultThatWasInTimeEvenIfTheDeadlineHasPassedSince) {  // [remote.timeout]
    Call call;
    ASSERT_TRUE(call.start());
    call.finish_with(6);

    ASSERT_TRUE(call.wait_until(long_ago));

    EXPECT_EQ(call.take(), 6);
}

}  // namespace
}  // namespace eventp::detail
