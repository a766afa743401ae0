// SPDX-License-Identifier: MIT
//
// Which turn a timer runs in when another one's handler changes it.
#include <chrono>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <eventp/reactor.hpp>
#include <eventp/timer.hpp>

#include "support/fake_time.hpp"

namespace eventp::support {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;
using std::chrono::steady_clock;
using ::testing::ElementsAre;

TEST(TimersTurn, OfADueTimerThatAnotherReschedulesToThePastIsALaterOne) {  // [timer.reschedule]
    for (const nanoseconds deadline : {2ns, 3ns, 4ns, 10ns}) {
        const FakeTime::Begin begin;
        Reactor reactor;
        Timers timers = Timers::create(reactor).value();
        std::vector<std::string> fired;
        TimerId other;
        const steady_clock::time_point start{nanoseconds{FakeTime::now()}};
        timers
            .at(start + 1ns,
                [&] {
                    fired.emplace_back("first");
                    EXPECT_TRUE(timers.reschedule(other, start + deadline));
                })
            .value();
        other = timers.at(start + 3ns, [&] { fired.emplace_back("other"); }).value();
        FakeTime::advance(1h);

        EXPECT_EQ(reactor.run_once(0s).value(), 1U);
        EXPECT_THAT(fired, ElementsAre("first"));
        EXPECT_EQ(reactor.run_once(0s).value(), 1U);
        EXPECT_THAT(fired, ElementsAre("first", "other"));
        EXPECT_EQ(reactor.run_once(0s).value(), 0U);
    }
}

}  // namespace
}  // namespace eventp::support
