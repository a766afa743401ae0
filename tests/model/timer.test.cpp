// SPDX-License-Identifier: MIT
//
// A hundred thousand timers, which handlers arm, cancel and reschedule at random, against a sorted
// set of (deadline, number of its arming). Many deadlines are equal.
#include <eventp/timer.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <tuple>

#include <gtest/gtest.h>

#include <eventp/reactor.hpp>

#include "support/fake_time.hpp"

namespace eventp::support {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

/// The timers, and the model of when each must fire.
class World {
public:
    static constexpr int to_arm = 100'000;

    void arm_some() {
        const std::uint64_t refill = model_.size() < 3000 ? 2 : 0;
        for (std::uint64_t count = random_() % 3 + refill; count > 0 && armed_ < to_arm; --count) {
            arm();
        }
    }
    void arm() {
        const int number = armed_++;
        const bool ticks = number % 16 == 0;
        const std::int64_t delay = random_delay();
        const std::int64_t period = ticks ? delay + 1 : 0;
        const auto handler = [this, number](TimerId id, Expirations expirations) {
            on_timer(number, id, expirations);
        };
        const TimerId id = ticks ? timers_.every(nanoseconds{period}, handler).value()
                                 : timers_.after(nanoseconds{delay}, handler).value();
        const std::int64_t deadline = FakeTime::now() + (ticks ? period : delay);
        enqueue(model_.emplace(number, Timer{id, deadline, 0, period, turn_}).first);
    }

    /// Handlers arm timers until all are armed; then periodic ones cancel themselves.
    void run() {
        for (int i = 0; i < 3000; ++i) {
            arm();
        }
        while (!model_.empty() && !::testing::Test::HasFailure()) {
            FakeTime::advance(nanoseconds{random_() % 400});
            do {
                ++turn_;
                fired_in_turn_ = 0;
            } while (reactor_.run_once(0s).value() != 0 && !::testing::Test::HasFailure());
            ASSERT_TRUE(in_order_.empty() || std::get<0>(*in_order_.begin()) > FakeTime::now())
                << "a timer is due and the reactor is idle";
            ASSERT_EQ(timers_.size(), model_.size());
        }
    }
    [[nodiscard]] int armed() const { return armed_; }
    [[nodiscard]] int fired() const { return fired_; }

private:
    struct Timer {
        TimerId id;
        std::int64_t deadline;
        std::uint64_t arming;  // counts every arming, rescheduling and tick
        std::int64_t period;
        int changed_in_turn;
    };

    void on_timer(int number, TimerId id, Expirations expirations) {
        ++fired_;
        ASSERT_LE(++fired_in_turn_, Timers::expired_per_turn);
        const auto found = model_.find(number);
        ASSERT_NE(found, model_.end()) << "it was cancelled, or has fired";
        Timer& timer = found->second;
        ASSERT_EQ(timer.id, id);
        ASSERT_LE(timer.deadline, FakeTime::now()) << "early";
        for (const auto& [deadline, arming, other] : in_order_) {
            if (other == number) {
                break;
            }
            ASSERT_EQ(model_.at(other).changed_in_turn, turn_) << "an earlier one is left out";
        }
        in_order_.erase(key_of(found));
        if (timer.period == 0) {
            ASSERT_EQ(expirations.count(), 1U);
            model_.erase(found);
        } else {
            std::uint64_t count = 0;
            while (timer.deadline <= FakeTime::now()) {
                timer.deadline += timer.period;
                ++count;
            }
            ASSERT_EQ(expirations.count(), count);
            enqueue(found);
        }
        act(number, id);
    }

    void act(int self, TimerId id) {
        arm_some();
        if (random_() % 2 == 0) {
            cancel(any());
        }
        if (random_() % 2 == 0) {
            move(any());
        }
        const auto left = model_.find(self);
        if (left == model_.end()) {
            ASSERT_FALSE(timers_.cancel(id));
        } else if (armed_ == to_arm || random_() % 8 == 0) {
            cancel(left);
        }
    }

    using Model = std::map<int, Timer>;
    using Key = std::tuple<std::int64_t, std::uint64_t, int>;

    static Key key_of(Model::iterator at) {
        return {at->second.deadline, at->second.arming, at->first};
    }
    void enqueue(Model::iterator at) {
        at->second.arming = ++armings_;
        in_order_.insert(key_of(at));
    }
    /// Half of all deadlines are multiples of 128.
    std::int64_t random_delay() {
        const auto delay = static_cast<std::int64_t>(random_() % 20'000);
        const std::int64_t deadline = FakeTime::now() + delay;
        return random_() % 2 == 0 ? delay : delay + 127 - (deadline + 127) % 128;
    }

    Model::iterator any() {
        const auto at = model_.lower_bound(static_cast<int>(random_() % to_arm) % (armed_ + 1));
        return at == model_.end() ? model_.begin() : at;
    }
    void cancel(Model::iterator at) {
        if (at != model_.end()) {
            ASSERT_TRUE(timers_.cancel(at->second.id));
            in_order_.erase(key_of(at));
            model_.erase(at);
        }
    }
    void move(Model::iterator at) {
        if (at != model_.end()) {
            Timer& timer = at->second;
            const std::int64_t delay = random_delay();
            ASSERT_TRUE(timers_.reschedule(timer.id, nanoseconds{delay}));
            in_order_.erase(key_of(at));
            timer.deadline = FakeTime::now() + delay;
            timer.changed_in_turn = turn_;
            enqueue(at);
        }
    }

    FakeTime::Begin begin_;
    Reactor reactor_;
    Timers timers_ = Timers::create(reactor_).value();
    std::mt19937_64 random_{11};
    Model model_;
    std::set<Key> in_order_;
    std::uint64_t armings_ = 0;
    int armed_ = 0;
    int fired_ = 0;
    int turn_ = 0;
    std::size_t fired_in_turn_ = 0;
};

TEST(TimersModel, AgreesWithASortedListOverAHundredThousandTimers) {
    // [timer.order] [timer.fifo] [timer.never_early] [timer.cancel] [timer.reschedule]
    // [timer.every]
    World world;

    world.run();

    EXPECT_EQ(world.armed(), World::to_arm);
    EXPECT_GT(world.fired(), World::to_arm / 4);
}

}  // namespace
}  // namespace eventp::support
