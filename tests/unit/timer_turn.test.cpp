// SPDX-License-Identifier: MIT
//
// Which turn a timer runs in when the handlers of others, or its own, arm, reschedule and cancel.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
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

/// Timers that do something to each other when they are called, and which turn they may run in.
class Turns {
public:
    using Action = std::function<void(Turns& turns, TimerId self)>;

    explicit Turns(Action action) : action_{std::move(action)} {}

    // --- what an action does; ids are those of timers of this ---

    void arm(nanoseconds delay) {
        know(timers.after(delay, [this](TimerId self) { on_timer(self); }).value());
    }
    void arm_at(steady_clock::time_point deadline) {
        know(timers.at(deadline, [this](TimerId self) { on_timer(self); }).value());
    }
    void arm_periodic(nanoseconds period) {
        const TimerId id = timers.every(period, [this](TimerId self) { on_timer(self); }).value();
        periodic_.insert(id);
        know(id);
    }
    template <typename When>
    void reschedule(TimerId id, When when) {
        if (timers.reschedule(id, when)) {
            know(id);
        }
    }
    void cancel(TimerId id) {
        if (timers.cancel(id)) {
            armed_in_turn_.erase(id);
        }
    }
    /// Any timer that was armed before this turn.
    [[nodiscard]] TimerId another(TimerId self) const {
        for (const auto& [id, turn] : armed_in_turn_) {
            if (id != self && turn < turn_) {
                return id;
            }
        }
        return {};
    }

    // --- what the test does ---

    /// One turn. Returns how many handlers it has called.
    std::size_t turn() {
        ++turn_;
        called_in_turn_ = 0;
        static_cast<void>(reactor.run_once(0s));
        return called_in_turn_;
    }
    /// Actions are done in so many turns; in later ones handlers return, and periodic ones cancel
    /// themselves.
    static constexpr int turns_with_actions = 3;

    FakeTime::Begin begin;
    Reactor reactor;
    Timers timers = Timers::create(reactor).value();
    std::size_t called = 0;

private:
    void know(TimerId id) { armed_in_turn_[id] = turn_; }

    void on_timer(TimerId self) {
        ++called;
        ++called_in_turn_;
        const auto found = armed_in_turn_.find(self);
        ASSERT_NE(found, armed_in_turn_.end()) << "it was cancelled, or has fired";
        EXPECT_LT(found->second, turn_) << "a handler of this turn has armed it";
        armed_in_turn_.erase(found);
        if (periodic_.contains(self)) {
            know(self);  // its tick has armed it again
        }
        if (turn_ <= turns_with_actions) {
            action_(*this, self);
        } else {
            cancel(self);
        }
    }

    Action action_;
    std::unordered_map<TimerId, int> armed_in_turn_;
    std::unordered_set<TimerId> periodic_;
    int turn_ = 0;
    std::size_t called_in_turn_ = 0;
};

constexpr auto long_ago = steady_clock::time_point::min();

struct Row {
    std::string name;
    Turns::Action action;
};

std::vector<Row> rows() {
    return {
        {"returns", [](Turns&, TimerId) {}},
        {"arms_one_without_a_delay", [](Turns& turns, TimerId) { turns.arm(0s); }},
        {"arms_one_with_a_negative_delay", [](Turns& turns, TimerId) { turns.arm(-1h); }},
        {"arms_one_in_the_past", [](Turns& turns, TimerId) { turns.arm_at(long_ago); }},
        {"arms_two",
         [](Turns& turns, TimerId) {
             turns.arm_at(long_ago);
             turns.arm(0s);
         }},
        {"arms_a_tiny_period", [](Turns& turns, TimerId) { turns.arm_periodic(1ns); }},
        {"reschedules_itself_to_now",
         [](Turns& turns, TimerId self) { turns.reschedule(self, 0s); }},
        {"reschedules_itself_to_the_past",
         [](Turns& turns, TimerId self) { turns.reschedule(self, long_ago); }},
        {"reschedules_itself_twice",
         [](Turns& turns, TimerId self) {
             turns.reschedule(self, 1h);
             turns.reschedule(self, -1h);
         }},
        {"reschedules_another_to_now",
         [](Turns& turns, TimerId self) { turns.reschedule(turns.another(self), 0s); }},
        {"reschedules_another_to_the_past",
         [](Turns& turns, TimerId self) { turns.reschedule(turns.another(self), long_ago); }},
        {"cancels_itself", [](Turns& turns, TimerId self) { turns.cancel(self); }},
        {"cancels_another", [](Turns& turns, TimerId self) { turns.cancel(turns.another(self)); }},
        {"cancels_another_and_arms_one",
         [](Turns& turns, TimerId self) {
             turns.cancel(turns.another(self));
             turns.arm_at(long_ago);
         }},
        {"cancels_itself_and_arms_one",
         [](Turns& turns, TimerId self) {
             turns.cancel(self);
             turns.arm(0s);
         }},
    };
}

enum class Kind : unsigned char { once, periodic };

class AHandlerThat : public ::testing::TestWithParam<std::tuple<Row, Kind, /*armed=*/std::size_t>> {
};
INSTANTIATE_TEST_SUITE_P(Rows, AHandlerThat,
                         ::testing::Combine(::testing::ValuesIn(rows()),
                                            ::testing::Values(Kind::once, Kind::periodic),
                                            ::testing::Values(1, 2, 127, 128, 129, 300)),
                         [](const auto& row) {
                             return std::get<0>(row.param).name +
                                    (std::get<1>(row.param) == Kind::once ? "_of_" : "_ticking_") +
                                    std::to_string(std::get<2>(row.param));
                         });

TEST_P(AHandlerThat, MakesNoTurnLongerAndArmsForLaterTurnsOnly) {
    // [timer.bounded] [timer.reschedule] [timer.after] [timer.at] [timer.every]
    const auto& [row, kind, armed] = GetParam();
    Turns turns{row.action};
    for (std::size_t i = 0; i < armed; ++i) {
        kind == Kind::once ? turns.arm(1ns) : turns.arm_periodic(1ns);
    }
    FakeTime::advance(1ns);

    std::size_t turns_made = 0;
    do {
        const std::size_t due = turns.timers.size();
        const std::size_t called = turns.turn();
        EXPECT_LE(called, std::min(due, Timers::expired_per_turn));
        EXPECT_GE(called, 1U) << "a timer is due";
        FakeTime::advance(1ns);
        ASSERT_LT(++turns_made, 1000U);
    } while (turns.timers.size() != 0 && !HasFailure());

    EXPECT_GE(turns.called, 1U);
    EXPECT_EQ(turns.turn(), 0U);
}

TEST(TimersTurn, CallsAtMostExpiredPerTurnHandlersAndAllIfThereAreFewer) {  // [timer.bounded]
    constexpr std::size_t most = Timers::expired_per_turn;
    Turns turns{[](Turns& self, TimerId) { self.arm(0s); }};
    for (std::size_t i = 0; i < most + 1; ++i) {
        turns.arm(1ns);
    }
    FakeTime::advance(1ns);

    EXPECT_EQ(turns.turn(), most);
    EXPECT_EQ(turns.turn(), most) << "the last one, and those that the first turn armed";
    EXPECT_EQ(turns.turn(), most);
    EXPECT_EQ(turns.turn(), most) << "from here on nothing is armed";
    EXPECT_EQ(turns.turn(), 1U);
    EXPECT_EQ(turns.turn(), 0U);
}

TEST(TimersTurn, CallsATimerWithATinyPeriodOnce) {  // [timer.bounded] [timer.every]
    const FakeTime::Begin begin;
    Reactor reactor;
    Timers timers = Timers::create(reactor).value();
    std::vector<std::uint64_t> ticks;
    timers
        .every(1ns,
               [&](Expirations expirations) {
                   ticks.push_back(expirations.count());
                   FakeTime::advance(5ns);  // the handler takes longer than its period
               })
        .value();
    FakeTime::advance(3ns);

    EXPECT_EQ(reactor.run_once(0s).value(), 1U);
    EXPECT_THAT(ticks, ElementsAre(3));
    EXPECT_EQ(reactor.run_once(0s).value(), 1U);
    EXPECT_THAT(ticks, ElementsAre(3, 5));
}

TEST(TimersTurn, OfADueTimerThatIsRescheduledToThePastIsALaterOne) {  // [timer.reschedule]
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
