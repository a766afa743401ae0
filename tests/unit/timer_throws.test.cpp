// SPDX-License-Identifier: MIT
//
// A handler throws at its nth copy, move or call, n = 1, 2, 3 and so on until nothing is thrown:
// each time the caller receives the exception, and the Timers is as before.
#include <array>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <eventp/reactor.hpp>
#include <eventp/timer.hpp>

#include "support/fake_time.hpp"

#if defined(__cpp_exceptions)

namespace eventp::support {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;
using std::chrono::steady_clock;
using ::testing::ElementsAre;

struct Thrown {};

/// What all copies of one handler share.
struct Record {
    /// Counts, and throws if this is the one.
    void count() {
        if (throw_at != 0 && ++counted == throw_at) {
            throw Thrown{};
        }
    }

    int throw_at = 0;  // 0: never
    int counted = 0;
    int live = 0;
    int called = 0;
};

/// A handler of `Words` words.
template <std::size_t Words>
class Handler {
public:
    explicit Handler(Record& record) : record_{&record} { ++record_->live; }
    Handler(const Handler& other) : record_{other.record_} {
        record_->count();
        ++record_->live;
    }
    // NOLINTNEXTLINE(performance-noexcept-move-constructor): it throws on purpose.
    Handler(Handler&& other) : record_{other.record_} {
        record_->count();
        ++record_->live;
    }
    Handler& operator=(const Handler&) = delete;
    ~Handler() { --record_->live; }
    void operator()() const {
        record_->count();
        ++record_->called;
    }

private:
    Record* record_;
    std::array<void*, Words - 1> rest_{};
};
using Small = Handler<2>;
using Large = Handler<5>;

/// A Timers with two timers of its own, which must fire whatever happens.
class TwoTimers {
public:
    TwoTimers() {
        timers->after(20ns, [this] { fired.emplace_back("second"); }).value();
        timers->after(10ns, [this] { fired.emplace_back("first"); }).value();
    }

    /// The two and nothing else is armed, and a new timer is armed and fires with them.
    void expect_unchanged() {
        EXPECT_EQ(timers->size(), 2U);
        const TimerId third = timers->after(15ns, [this] { fired.emplace_back("new"); }).value();
        EXPECT_EQ(third.index(), 2U) << "memory was lost";
        pass(1h);
        EXPECT_THAT(fired, ElementsAre("first", "new", "second"));
        EXPECT_EQ(timers->size(), 0U);
    }
    void pass(nanoseconds time) {
        FakeTime::advance(time);
        while (reactor.run_once(0s).value() != 0) {
        }
    }

    FakeTime::Begin begin;
    Record record;
    std::vector<std::string> fired;
    Reactor reactor;
    std::optional<Timers> timers{Timers::create(reactor).value()};
};

// --- arming -------------------------------------------------------------------------------------

/// Arms a timer with a handler of the record. Armed, it fires at 15 ns.
struct Arming {
    std::string name;
    std::function<Result<TimerId>(Timers&, Record&)> arm;
};

/// All ways to arm a timer with such a handler: copied, moved, and in a std::function.
template <typename H>
void add_armings(std::vector<Arming>& all, const std::string& handler) {
    const auto add = [&](const std::string& way, auto arm) {
        all.push_back({way + "_copy_of_" + handler, [arm](Timers& timers, Record& record) {
                           const H original{record};
                           return arm(timers, original);
                       }});
        all.push_back({way + "_move_of_" + handler,
                       [arm](Timers& timers, Record& record) { return arm(timers, H{record}); }});
        all.push_back({way + "_function_with_" + handler, [arm](Timers& timers, Record& record) {
                           const std::function<void()> wrapped = H{record};
                           return arm(timers, wrapped);
                       }});
        all.push_back({way + "_capture_of_" + handler, [arm](Timers& timers, Record& record) {
                           return arm(timers, [captured = H{record}] { captured(); });
                       }});
    };
    add("after", []<typename F>(Timers& timers, F&& handler_given) {
        return timers.after(15ns, std::forward<F>(handler_given));
    });
    add("at", []<typename F>(Timers& timers, F&& handler_given) {
        return timers.at(steady_clock::time_point{nanoseconds{FakeTime::now()} + 15ns},
                         std::forward<F>(handler_given));
    });
    add("every", []<typename F>(Timers& timers, F&& handler_given) {
        return timers.every(15ns, std::forward<F>(handler_given));
    });
}

std::vector<Arming> armings() {
    std::vector<Arming> all;
    add_armings<Small>(all, "small");
    add_armings<Large>(all, "large");
    return all;
}

class ArmingAHandlerThatThrows : public ::testing::TestWithParam<Arming> {};
INSTANTIATE_TEST_SUITE_P(Ways, ArmingAHandlerThatThrows, ::testing::ValuesIn(armings()),
                         [](const auto& way) { return way.param.name; });

TEST_P(ArmingAHandlerThatThrows, ChangesNothing) {  // [timer.after] [timer.at] [timer.every]
    int thrown = 0;
    for (int nth = 1; thrown == nth - 1; ++nth) {
        ASSERT_LT(nth, 20);
        TwoTimers world;
        world.record.throw_at = nth;
        try {
            const Result<TimerId> armed = GetParam().arm(*world.timers, world.record);
            ASSERT_TRUE(armed.has_value());
            EXPECT_EQ(world.record.live, 1) << "the one that is armed";
            EXPECT_TRUE(world.timers->cancel(*armed));
        } catch (const Thrown&) {
            ++thrown;
        }
        EXPECT_EQ(world.record.live, 0);
        world.record.throw_at = 0;
        world.expect_unchanged();
        EXPECT_EQ(world.record.called, 0);
    }
    EXPECT_GE(thrown, 1);
}

// --- after that -----------------------------------------------------------------------------

TEST_P(ArmingAHandlerThatThrows,
       NeverCopiesOrMovesTheHandlerAgain) {  // [timer.reschedule] [timer.cancel]
    TwoTimers world;
    const TimerId id = GetParam().arm(*world.timers, world.record).value();
    world.record.throw_at = 1;

    EXPECT_TRUE(world.timers->reschedule(id, 1h));
    EXPECT_TRUE(world.timers->reschedule(id, 2h));
    for (int i = 0; i < 1000; ++i) {
        world.timers->after(5h, [] {}).value();  // the memory for timers grows
    }
    world.pass(0ns);
    Timers moved = std::move(*world.timers);
    EXPECT_TRUE(moved.cancel(id));

    EXPECT_EQ(world.record.counted, 0);
    EXPECT_EQ(world.record.live, 0);
}

TEST_P(ArmingAHandlerThatThrows,
       LeavesTheOtherTimersToTheNextTurnIfTheCallThrows) {  // [timer.throws]
    TwoTimers world;
    const bool ticks = GetParam().name.starts_with("every");
    EXPECT_TRUE(GetParam().arm(*world.timers, world.record));
    world.record.throw_at = 1;
    FakeTime::advance(20ns);

    EXPECT_THROW(static_cast<void>(world.reactor.run_once(0s)), Thrown);

    EXPECT_THAT(world.fired, ElementsAre("first"));
    EXPECT_EQ(world.record.live, ticks ? 1 : 0);
    EXPECT_EQ(world.timers->size(), ticks ? 2U : 1U);
    world.record.throw_at = 0;
    world.pass(10ns);
    EXPECT_THAT(world.fired, ElementsAre("first", "second"));
    EXPECT_EQ(world.record.called, ticks ? 1 : 0);
}

}  // namespace
}  // namespace eventp::support

#endif  // __cpp_exceptions
