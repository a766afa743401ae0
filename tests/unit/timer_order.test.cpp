// SPDX-License-Identifier: MIT
//
// Timers with equal deadlines fire in the order in which they were armed, whatever armed them.
#include <chrono>
#include <functional>
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

/// The timers fire at 100 ns after the start. Each writes its name.
class TimersOfOneDeadline : public ::testing::Test {
protected:
    static constexpr nanoseconds deadline{100};

    TimerId arm(const std::string& name, nanoseconds at = deadline) {
        return timers_.at(start_ + at, [this, name] { fired_.push_back(name); }).value();
    }
    /// Moves time to `at` nanoseconds after the start, and turns until nothing is due.
    void advance_to(nanoseconds at) {
        FakeTime::advance(start_ + at - steady_clock::time_point{nanoseconds{FakeTime::now()}});
        while (reactor_.run_once(0s).value() != 0) {
        }
    }

    FakeTime::Begin begin_;
    Reactor reactor_;
    Timers timers_ = Timers::create(reactor_).value();
    steady_clock::time_point start_{nanoseconds{FakeTime::now()}};
    std::vector<std::string> fired_;
};

TEST_F(TimersOfOneDeadline, FireInTheOrderOfTheirArming) {  // [timer.fifo]
    std::vector<std::string> expected;
    for (int i = 0; i < 300; ++i) {
        expected.push_back(std::to_string(i));
        arm(expected.back());
    }

    advance_to(deadline);

    EXPECT_EQ(fired_, expected);
}

TEST_F(TimersOfOneDeadline, FireInThatOrderWhetherTheirDelayOrTheirDeadlineWasGiven) {
    // [timer.fifo]
    arm("at");
    timers_.after(deadline, [this] { fired_.emplace_back("after"); }).value();
    timers_.every(deadline, [this] { fired_.emplace_back("every"); }).value();
    arm("at again");

    advance_to(deadline);

    EXPECT_THAT(fired_, ElementsAre("at", "after", "every", "at again"));
}

TEST_F(TimersOfOneDeadline, FireInThatOrderThoughOthersWereCancelled) {  // [timer.fifo]
    const TimerId first = arm("first");
    arm("a");
    const TimerId middle = arm("middle");
    arm("b");
    arm("c");
    timers_.cancel(first);
    timers_.cancel(middle);
    arm("d");

    advance_to(deadline);

    EXPECT_THAT(fired_, ElementsAre("a", "b", "c", "d"));
}

struct Rescheduling {
    const char* what;
    nanoseconds deadline_before;
    bool is_in_heap;  // else it is still unsorted
};

class ATimerThatIsRescheduled : public TimersOfOneDeadline,
                                public ::testing::WithParamInterface<Rescheduling> {};
INSTANTIATE_TEST_SUITE_P(Places, ATimerThatIsRescheduled,
                         ::testing::Values(Rescheduling{"postponed_in_heap", 90ns, true},
                                           Rescheduling{"to_the_same_in_heap", 100ns, true},
                                           Rescheduling{"to_an_earlier_in_heap", 110ns, true},
                                           Rescheduling{"postponed_unsorted", 90ns, false},
                                           Rescheduling{"to_the_same_unsorted", 100ns, false},
                                           Rescheduling{"to_an_earlier_unsorted", 110ns, false}),
                         [](const auto& row) { return row.param.what; });

TEST_P(ATimerThatIsRescheduled, FiresAfterThoseArmedBeforeAndBeforeThoseArmedLater) {
    // [timer.fifo] [timer.reschedule]
    const TimerId moved = arm("moved", GetParam().deadline_before);
    arm("armed before");
    if (GetParam().is_in_heap) {
        arm("merges the others", 1ns);
        advance_to(1ns);
        fired_.clear();
    }

    ASSERT_TRUE(timers_.reschedule(moved, start_ + deadline));
    arm("armed later");
    advance_to(deadline);

    EXPECT_THAT(fired_, ElementsAre("armed before", "moved", "armed later"));
}

TEST_P(ATimerThatIsRescheduled, FiresInThePlaceOfItsLastRescheduling) {
    // [timer.fifo] [timer.reschedule]
    const TimerId moved = arm("moved", GetParam().deadline_before);
    if (GetParam().is_in_heap) {
        arm("merges the others", 1ns);
        advance_to(1ns);
        fired_.clear();
    }

    ASSERT_TRUE(timers_.reschedule(moved, start_ + deadline));
    arm("a");
    ASSERT_TRUE(timers_.reschedule(moved, start_ + 2 * deadline));
    arm("b");
    ASSERT_TRUE(timers_.reschedule(moved, start_ + deadline));
    arm("c");
    advance_to(deadline);

    EXPECT_THAT(fired_, ElementsAre("a", "b", "moved", "c"));
}

TEST_F(TimersOfOneDeadline, FireInThatOrderAfterAWakeUpForAPostponedOne) {  // [timer.fifo]
    const TimerId moved = arm("moved", 50ns);
    arm("a");
    arm("merges the others", 1ns);
    advance_to(1ns);
    fired_.clear();

    ASSERT_TRUE(timers_.reschedule(moved, start_ + deadline));
    arm("b");
    advance_to(60ns);
    ASSERT_TRUE(fired_.empty());
    arm("c");
    advance_to(deadline);

    EXPECT_THAT(fired_, ElementsAre("a", "moved", "b", "c"));
}

TEST_F(TimersOfOneDeadline, FireInTheOrderOfTheTicksThatArmedThem) {  // [timer.fifo] [timer.every]
    const auto tick = [this](const char* name) {
        return [this, name] { fired_.emplace_back(name); };
    };
    timers_.every(50ns, tick("fast")).value();
    timers_.every(100ns, tick("slow")).value();
    arm("once");

    advance_to(50ns);   // arms `fast` again, now after the others
    advance_to(100ns);  // arms `slow` again
    advance_to(150ns);  // arms `fast` again, after `slow`
    advance_to(200ns);

    EXPECT_THAT(fired_, ElementsAre("fast",                  // 50
                                    "slow", "once", "fast",  // 100
                                    "fast",                  // 150
                                    "slow", "fast"));        // 200
}

TEST_F(TimersOfOneDeadline, FireInTheOrderInWhichHandlersArmedThem) {  // [timer.fifo]
    arm("last", 200ns);
    timers_
        .at(start_ + 50ns,
            [this] {
                arm("a");
                arm("b");
            })
        .value();
    timers_.at(start_ + 50ns, [this] { arm("c"); }).value();

    advance_to(50ns);
    arm("d");
    advance_to(200ns);

    EXPECT_THAT(fired_, ElementsAre("a", "b", "c", "d", "last"));
}

TEST_F(TimersOfOneDeadline, FireInThatOrderWhenTheyAreDueAlready) {  // [timer.fifo]
    timers_
        .at(start_ + 50ns,
            [this] {
                arm("a", 10ns);
                arm("b", 10ns);
                arm("earlier", 9ns);
                arm("c", 10ns);
            })
        .value();

    advance_to(50ns);

    EXPECT_THAT(fired_, ElementsAre("earlier", "a", "b", "c"));
}

}  // namespace
}  // namespace eventp::support
