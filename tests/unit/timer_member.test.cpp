// SPDX-License-Identifier: MIT
//
// Member functions of an application as the handlers of timers.
#include <chrono>
#include <memory>

#include <gtest/gtest.h>

#include <eventp/eventp.hpp>
#include <eventp/timer.hpp>

#include "support/fake_time.hpp"
#include "support/source.hpp"

namespace eventp::support {
namespace {

using namespace std::chrono_literals;

struct Clockwork {
    void tick() { ++ticks; }
    void end() {
        ++ticks;
        owner->reset();
    }

    int ticks = 0;
    std::shared_ptr<Clockwork>* owner = nullptr;
};

class TimerOfAMember : public ::testing::Test {
protected:
    void pass(std::chrono::nanoseconds time) {
        FakeTime::advance(time);
        poll(reactor);
    }

    FakeTime::Begin begin;
    Reactor reactor;
    Timers timers = Timers::create(reactor).value();
    std::shared_ptr<Clockwork> clockwork = std::make_shared<Clockwork>();
    std::weak_ptr<Clockwork> weak{clockwork};
};

TEST_F(TimerOfAMember, KeepsTheObjectOfASharedPointerUntilItHasFired) {  // [timer.member]
    ASSERT_TRUE(timers.after<&Clockwork::tick>(1s, clockwork));
    clockwork.reset();
    EXPECT_FALSE(weak.expired());

    pass(1s);

    EXPECT_TRUE(weak.expired());
}

TEST_F(TimerOfAMember, TicksUntilTheObjectOfAWeakPointerIsDestroyed) {  // [timer.member]
    const TimerId id = timers.every<&Clockwork::tick>(1s, weak).value();
    pass(1s);
    pass(1s);
    EXPECT_EQ(clockwork->ticks, 2);

    clockwork.reset();
    EXPECT_EQ(timers.size(), 1U);
    pass(1s);

    EXPECT_EQ(timers.size(), 0U);
    EXPECT_FALSE(timers.cancel(id));
    EXPECT_FALSE(timers.reschedule(id, 1s));
    EXPECT_EQ(FakeTime::last_set(), 0) << "the timerfd is off";
}

TEST_F(TimerOfAMember, EndsAtTheTickAfterItsObjectDestroyedItself) {  // [timer.member]
    clockwork->owner = &clockwork;
    ASSERT_TRUE(timers.every<&Clockwork::end>(1s, weak));

    pass(1s);
    EXPECT_TRUE(weak.expired());
    EXPECT_EQ(timers.size(), 1U);
    pass(1s);
    EXPECT_EQ(timers.size(), 0U);
}

TEST_F(TimerOfAMember, OfADestroyedObjectLeavesTheOtherTimers) {  // [timer.member]
    int others = 0;
    ASSERT_TRUE(timers.after<&Clockwork::tick>(1s, weak));
    ASSERT_TRUE(timers.every<&Clockwork::tick>(1s, weak));
    ASSERT_TRUE(timers.every(1s, [&others] { ++others; }));
    clockwork.reset();

    pass(1s);
    pass(1s);

    EXPECT_EQ(others, 2);
    EXPECT_EQ(timers.size(), 1U);
}

}  // namespace
}  // namespace eventp::support
