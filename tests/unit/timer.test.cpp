// SPDX-License-Identifier: MIT
//
// What timers promise, in a time that the tests move.
#include <eventp/timer.hpp>

#include <chrono>
#include <cmath>
#include <ctime>
#include <limits>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <eventp/reactor.hpp>

#include "support/fake_time.hpp"

namespace eventp::support {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;
using std::chrono::steady_clock;
using ::testing::ElementsAre;

static_assert(std::is_nothrow_move_constructible_v<Timers>);
static_assert(!std::is_copy_constructible_v<Timers>);

/// A reactor, its timers, and what has fired.
class TimersInFakeTime : public ::testing::Test {
protected:
    static steady_clock::time_point in(nanoseconds delay) {
        return steady_clock::time_point{nanoseconds{FakeTime::now()} + delay};
    }
    auto log(std::string name) {
        return [this, name = std::move(name)] { fired_.push_back(name); };
    }
    /// Moves time, then turns as long as there is something to do.
    void pass(nanoseconds time) {
        FakeTime::advance(time);
        turn_until_idle();
    }
    void turn_until_idle() {
        for (int turns = 0; reactor_.run_once(0s).value() != 0; ++turns) {
            ASSERT_LT(turns, 1000) << "the timerfd stays readable";
        }
    }

    FakeTime::Begin begin_;
    Reactor reactor_;
    Timers timers_ = Timers::create(reactor_).value();
    std::vector<std::string> fired_;
};

TEST_F(TimersInFakeTime, CallAHandlerOnceAfterItsDelayAndNotBefore) {
    // [timer.after] [timer.never_early]
    timers_.after(10ns, log("a")).value();

    pass(9ns);
    EXPECT_TRUE(fired_.empty());
    pass(1ns);
    EXPECT_THAT(fired_, ElementsAre("a"));
    pass(1h);
    EXPECT_THAT(fired_, ElementsAre("a"));
    EXPECT_EQ(timers_.size(), 0U);
}

TEST_F(TimersInFakeTime, FireInTheNextTurnIfTheDelayIsZeroOrNegative) {  // [timer.after]
    timers_.after(0s, log("zero")).value();
    timers_.after(-5s, log("negative")).value();
    timers_.at(steady_clock::time_point::min(), log("past")).value();

    EXPECT_EQ(reactor_.run_once(0s).value(), 1U);

    EXPECT_EQ(fired_.size(), 3U);
}

TEST_F(TimersInFakeTime, FireInTheOrderOfTheirDeadlines) {  // [timer.order] [timer.at]
    timers_.at(in(30ns), log("c")).value();
    timers_.at(in(10ns), log("a")).value();
    timers_.at(in(40ns), log("d")).value();
    const TimerId put_off = timers_.at(in(5ns), log("b")).value();
    ASSERT_TRUE(timers_.reschedule(put_off, in(20ns)));

    pass(1s);

    EXPECT_THAT(fired_, ElementsAre("a", "b", "c", "d"));
}

TEST_F(TimersInFakeTime, FireAPostponedTimerInTheOrderOfItsNewDeadline) {  // [timer.order]
    const TimerId put_off = timers_.at(in(10ns), log("b")).value();
    timers_.at(in(20ns), log("a")).value();
    timers_.at(in(5ns), log("first")).value();
    pass(5ns);

    ASSERT_TRUE(timers_.reschedule(put_off, in(25ns)));
    pass(1s);

    EXPECT_THAT(fired_, ElementsAre("first", "a", "b"));
}

TEST_F(TimersInFakeTime, TickWithoutDriftHoweverLateTheHandlerRuns) {  // [timer.every]
    std::vector<std::uint64_t> counts;
    const TimerId id =
        timers_.every(100ns, [&](Expirations e) { counts.push_back(e.count()); }).value();

    pass(99ns);
    EXPECT_THAT(counts, ElementsAre());
    pass(1ns);    // on time
    pass(150ns);  // half a period late
    pass(50ns);   // on time again: at 300
    pass(399ns);  // three are over
    pass(1ns);

    EXPECT_THAT(counts, ElementsAre(1, 1, 1, 3, 1));
    EXPECT_TRUE(timers_.cancel(id));
    pass(1s);
    EXPECT_EQ(counts.size(), 5U);
}

TEST_F(TimersInFakeTime, RefuseAPeriodThatIsNotPositive) {  // [timer.every]
    EXPECT_EQ(timers_.every(0s, log("zero")).error(), std::errc::invalid_argument);
    EXPECT_EQ(timers_.every(-1ns, log("negative")).error(), std::errc::invalid_argument);
    EXPECT_TRUE(timers_.every(std::chrono::duration<double>{1e-300}, log("a")).has_value())
        << "a period above zero is rounded up";
}

TEST_F(TimersInFakeTime, AcceptAnyDurationAndRoundItUp) {  // [timer.never_early]
    using Picoseconds = std::chrono::duration<std::int64_t, std::pico>;

    timers_.after(Picoseconds{1}, log("one")).value();
    timers_.after(std::chrono::duration<double>{1.5e-9}, log("two")).value();
    timers_.after(std::chrono::hours::max(), log("hours")).value();
    timers_.after(std::chrono::duration<double>{INFINITY}, log("infinity")).value();
    timers_.after(std::chrono::duration<double>{-INFINITY}, log("zero")).value();

    pass(0ns);
    EXPECT_THAT(fired_, ElementsAre("zero"));
    pass(1ns);
    EXPECT_THAT(fired_, ElementsAre("zero", "one"));
    pass(1ns);
    EXPECT_THAT(fired_, ElementsAre("zero", "one", "two"));
    pass(24h * 365 * 100);
    EXPECT_EQ(fired_.size(), 3U);
    EXPECT_EQ(timers_.size(), 2U);
}

TEST_F(TimersInFakeTime, AreNotCalledAfterTheyWereCancelled) {  // [timer.cancel] [timer.stale]
    const TimerId id = timers_.after(10ns, log("a")).value();
    timers_.after(20ns, log("b")).value();

    EXPECT_TRUE(timers_.cancel(id));
    EXPECT_FALSE(timers_.cancel(id));
    const TimerId other = timers_.after(15ns, log("c")).value();
    EXPECT_FALSE(timers_.cancel(id)) << "the memory is used again, the name is not";
    EXPECT_FALSE(timers_.reschedule(id, 1h));
    EXPECT_FALSE(timers_.cancel(TimerId{}));
    EXPECT_FALSE(timers_.cancel(TimerId{1'000'000, 1}));
    pass(1s);

    EXPECT_THAT(fired_, ElementsAre("c", "b"));
    EXPECT_FALSE(timers_.cancel(other));
}

TEST_F(TimersInFakeTime, MoveToAnotherDeadlineAndKeepTheirHandler) {  // [timer.reschedule]
    const TimerId sooner = timers_.after(100ns, log("sooner")).value();
    const TimerId later = timers_.after(10ns, log("later")).value();
    const TimerId ticking = timers_.every(100ns, log("tick")).value();

    EXPECT_TRUE(timers_.reschedule(sooner, 5ns));
    EXPECT_TRUE(timers_.reschedule(later, in(20ns)));
    EXPECT_TRUE(timers_.reschedule(ticking, 15ns));

    pass(5ns);
    EXPECT_THAT(fired_, ElementsAre("sooner"));
    pass(10ns);
    EXPECT_THAT(fired_, ElementsAre("sooner", "tick"));
    pass(5ns);
    EXPECT_THAT(fired_, ElementsAre("sooner", "tick", "later"));
    pass(95ns);
    EXPECT_THAT(fired_, ElementsAre("sooner", "tick", "later", "tick"));
}

TEST_F(TimersInFakeTime, MayBeCancelledByTheirOwnHandler) {  // [timer.cancel]
    int calls = 0;
    timers_
        .every(10ns,
               [&](TimerId self) {
                   ++calls;
                   EXPECT_TRUE(timers_.cancel(self));
                   EXPECT_FALSE(timers_.cancel(self));
                   EXPECT_FALSE(timers_.reschedule(self, 0s));
               })
        .value();
    timers_.after(10ns, [&](TimerId self) { EXPECT_FALSE(timers_.cancel(self)); }).value();

    pass(10ns);
    pass(10ns);

    EXPECT_EQ(calls, 1);
    EXPECT_EQ(timers_.size(), 0U);
}

TEST_F(TimersInFakeTime, KeepTheirHandlerAliveUntilItReturns) {  // [timer.cancel] [timer.lifetime]
    auto owned = std::make_shared<int>(0);
    const std::weak_ptr<int> watched = owned;
    timers_
        .every(10ns,
               [this, owned = std::move(owned), &watched](TimerId self) {
                   timers_.cancel(self);
                   EXPECT_FALSE(watched.expired());
               })
        .value();

    pass(10ns);

    EXPECT_TRUE(watched.expired());
}

TEST_F(TimersInFakeTime, MayBeArmedAgainByTheirOwnHandler) {  // [timer.reschedule]
    int calls = 0;
    timers_
        .after(10ns,
               [&](TimerId self) {
                   if (++calls < 3) {
                       EXPECT_TRUE(timers_.reschedule(self, 10ns));
                       EXPECT_EQ(timers_.size(), 1U);
                   }
               })
        .value();

    pass(10ns);
    EXPECT_EQ(calls, 1);
    pass(10ns);
    pass(10ns);
    pass(10ns);

    EXPECT_EQ(calls, 3);
    EXPECT_EQ(timers_.size(), 0U);
}

TEST_F(TimersInFakeTime, MayBeCancelledByTheHandlerOfAnother) {  // [timer.cancel]
    TimerId second;
    timers_.after(10ns, [&] { EXPECT_TRUE(timers_.cancel(second)); }).value();
    second = timers_.after(10ns + 1ns, log("second")).value();

    pass(1s);

    EXPECT_TRUE(fired_.empty());
}

TEST_F(TimersInFakeTime, RunWhatAHandlerArmsInALaterTurn) {  // [timer.bounded]
    int calls = 0;
    timers_
        .after(0s,
               [&](TimerId self) {
                   ++calls;
                   timers_.after(0s, [&] { ++calls; }).value();
                   timers_.reschedule(self, -1s);
               })
        .value();

    EXPECT_EQ(reactor_.run_once(0s).value(), 1U);
    EXPECT_EQ(calls, 1);
    EXPECT_EQ(reactor_.run_once(0s).value(), 1U);
    EXPECT_EQ(calls, 3);
}

TEST_F(TimersInFakeTime, RunAtMostExpiredPerTurnHandlersInATurn) {  // [timer.bounded]
    constexpr std::size_t many = 3 * Timers::expired_per_turn + 7;
    std::size_t calls = 0;
    for (std::size_t i = 0; i < many; ++i) {
        timers_.after(10ns, [&] { ++calls; }).value();
    }
    FakeTime::advance(10ns);

    for (std::size_t turn = 1; turn <= 3; ++turn) {
        ASSERT_EQ(reactor_.run_once(0s).value(), 1U);
        EXPECT_EQ(calls, turn * Timers::expired_per_turn);
    }
    ASSERT_EQ(reactor_.run_once(0s).value(), 1U);

    EXPECT_EQ(calls, many);
    EXPECT_EQ(reactor_.run_once(0s).value(), 0U);
}

TEST_F(TimersInFakeTime, SetTheTimerfdOnlyForAnEarlierDeadline) {  // [timer.lazy]
    timers_.after(100ns, log("a")).value();
    const int before = FakeTime::settings();

    for (int i = 0; i < 1000; ++i) {
        timers_.cancel(timers_.after(nanoseconds{100 + i}, log("b")).value());
    }
    EXPECT_EQ(FakeTime::settings(), before);
    const TimerId head = timers_.after(50ns, log("c")).value();
    EXPECT_EQ(FakeTime::settings(), before + 1);
    timers_.cancel(head);
    EXPECT_EQ(FakeTime::settings(), before + 1) << "woken once for nothing, at 50";
    pass(50ns);

    EXPECT_TRUE(fired_.empty());
    EXPECT_EQ(FakeTime::last_set(), FakeTime::now() + 50);
    pass(50ns);
    EXPECT_THAT(fired_, ElementsAre("a"));
    EXPECT_EQ(FakeTime::last_set(), 0) << "nothing is armed: the timerfd is off";
}

TEST_F(TimersInFakeTime, ReturnTheErrorOfTheKernelAndChangeNothing) {  // [timer.after]
    bool moved = false;
    struct Handler {
        Handler(bool& flag) : moved{&flag} {}
        Handler(Handler&& other) noexcept : moved{other.moved} { *moved = true; }
        void operator()() const {}
        bool* moved;
    };
    const TimerId id = timers_.after(1h, log("a")).value();
    FakeTime::fail_with(-ENOMEM);

    EXPECT_EQ(timers_.after(1ns, Handler{moved}).error(), std::errc::not_enough_memory);
    EXPECT_FALSE(timers_.reschedule(id, 1ns));
    FakeTime::fail_with(0);

    EXPECT_FALSE(moved);
    EXPECT_EQ(timers_.size(), 1U);
    pass(1h);
    EXPECT_THAT(fired_, ElementsAre("a"));
}

TEST_F(TimersInFakeTime, AcceptTimesOfTheirOwnClockOnly) {  // [timer.at]
    Timers boot = Timers::create(reactor_, Timers::Clock::boottime).value();
    EXPECT_EQ(FakeTime::last_clock(), CLOCK_BOOTTIME);

    const TimerId id = boot.at(BootClock::now() + 5ns, log("boot")).value();
    EXPECT_EQ(boot.at(in(1ns), log("steady")).error(), std::errc::invalid_argument);
    EXPECT_EQ(timers_.at(BootClock::now(), log("x")).error(), std::errc::invalid_argument);
    EXPECT_FALSE(boot.reschedule(id, in(1ns)));
    pass(5ns);

    EXPECT_THAT(fired_, ElementsAre("boot"));
}

#if defined(__cpp_exceptions)
TEST_F(TimersInFakeTime, LetAnExceptionLeaveTheTurnAndRunTheRestInTheNext) {  // [timer.throws]
    timers_
        .after(1ns,
               [this] {
                   fired_.emplace_back("thrower");
                   throw 1;
               })
        .value();
    timers_.after(2ns, log("rest")).value();
    int ticks = 0;
    timers_
        .every(3ns,
               [&] {
                   ++ticks;
                   throw 2;
               })
        .value();
    FakeTime::advance(3ns);

    EXPECT_THROW(static_cast<void>(reactor_.run_once(0s)), int);
    EXPECT_THAT(fired_, ElementsAre("thrower"));
    EXPECT_THROW(static_cast<void>(reactor_.run_once(0s)), int);
    EXPECT_THAT(fired_, ElementsAre("thrower", "rest"));

    EXPECT_EQ(ticks, 1);
    EXPECT_EQ(timers_.size(), 1U) << "the periodic timer continues";
}

TEST_F(TimersInFakeTime, SurviveAHandlerWhoseConstructorThrows) {  // [timer.after]
    struct Throws {
        Throws() = default;
        Throws(const Throws&) { throw 3; }
        void operator()() const {}
    };
    const Throws handler;

    EXPECT_THROW(static_cast<void>(timers_.after(1ns, handler)), int);

    EXPECT_EQ(timers_.size(), 0U);
    timers_.after(1ns, log("a")).value();
    pass(1ns);
    EXPECT_THAT(fired_, ElementsAre("a"));
}
#endif

}  // namespace
}  // namespace eventp::support
