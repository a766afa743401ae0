// SPDX-License-Identifier: MIT
//
// The nth allocation of an operation on timers fails, n = 0, 1, 2 and so on until it succeeds: each
// time the Timers is as before, and nothing is leaked.
#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <eventp/reactor.hpp>
#include <eventp/timer.hpp>

#include "support/allocations.hpp"

namespace eventp::support {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr std::size_t page = 256;  // of this many nodes

/// A reactor, and a Timers in which so many timers are armed. They are never due.
struct World {
    explicit World(std::size_t armed) {
        for (std::size_t i = 0; i < armed; ++i) {
            ids.push_back(timers.after(1h, [] {}).value());
        }
    }
    void turn() { static_cast<void>(reactor.run_once(0s)); }

    Reactor reactor;
    Timers timers = Timers::create(reactor).value();
    std::vector<TimerId> ids;
};

#if defined(__cpp_exceptions)

struct Arming {
    const char* name;
    int allocations_of_handler;
    std::function<Result<TimerId>(Timers&, int& fired)> arm;
};

class ArmingWithoutMemory : public ::testing::TestWithParam<Arming> {};
INSTANTIATE_TEST_SUITE_P(
    Ways, ArmingWithoutMemory,
    ::testing::Values(
        Arming{"after_small", 0,
               [](Timers& timers, int& fired) { return timers.after(0s, [&fired] { ++fired; }); }},
        Arming{"after_large", 1,
               [](Timers& timers, int& fired) {
                   return timers.after(0s, [&fired, rest = std::array<void*, 4>{}]() mutable {
                       fired += rest[0] == nullptr ? 1 : 100;
                   });
               }},
        Arming{"at_small", 0,
               [](Timers& timers, int& fired) {
                   return timers.at(steady_clock::time_point{}, [&fired] { ++fired; });
               }},
        Arming{"every_capture", 1,
               [](Timers& timers, int& fired) {
                   return timers.every(1ns,
                                       [&fired, one = std::make_unique<int>(1)] { fired += *one; });
               }}),
    [](const auto& way) { return way.param.name; });

TEST_P(ArmingWithoutMemory, ChangesNothing) {  // [timer.after] [timer.at] [timer.every]
    for (const std::size_t armed : {std::size_t{0}, std::size_t{1}, page, 2 * page}) {
        int failures = 0;
        for (bool has_failed = true; has_failed;) {
            const std::size_t live_before = allocations().live;
            {
                World world{armed};
                int fired = 0;
                {
                    const FailingNew failing{failures};
                    try {
                        EXPECT_TRUE(GetParam().arm(world.timers, fired));
                    } catch (const std::bad_alloc&) {
                        EXPECT_EQ(world.timers.size(), armed);
                    }
                    has_failed = failing.has_failed();
                }
                world.turn();
                EXPECT_EQ(fired, has_failed ? 0 : 1);
                failures += has_failed ? 1 : 0;
                EXPECT_TRUE(GetParam().arm(world.timers, fired)) << "with memory it works";
            }
            EXPECT_EQ(allocations().live, live_before) << "leaked at " << failures;
        }
        EXPECT_GE(failures, GetParam().allocations_of_handler + (armed % page == 0 ? 2 : 0));
    }
}

TEST(TimersWithoutMemory, AreNotCreated) {  // [timer.create]
    Reactor reactor;
    static_cast<void>(Timers::create(reactor));  // the reactor has memory for one from here on
    static_cast<void>(reactor.run_once(0s));
    const std::size_t live_before = allocations().live;
    int failures = 0;
    for (bool has_failed = true; has_failed;) {
        {
            const FailingNew failing{failures};
            try {
                EXPECT_TRUE(Timers::create(reactor));
            } catch (const std::bad_alloc&) {
                EXPECT_EQ(reactor.stats().registered, 0U);
            }
            has_failed = failing.has_failed();
        }
        failures += has_failed ? 1 : 0;
        static_cast<void>(reactor.run_once(0s));  // those that were created leave
    }

    EXPECT_GE(failures, 2);
    EXPECT_EQ(reactor.stats().registered, 0U);
    EXPECT_EQ(allocations().live, live_before);
}

#endif  // __cpp_exceptions

TEST(NoAllocation, IsMadeByTimersIfAsManyWereArmedBefore) {
    // [timer.small] [timer.cancel] [timer.reschedule]
    World world{2 * page};
    int fired = 0;
    EXPECT_TRUE(world.timers.cancel(world.ids[0]));
    EXPECT_TRUE(world.timers.cancel(world.ids[1]));  // a running one needs its memory, too
    world.turn();
    const std::size_t made_before = allocations().made;
    const TimerId ticking = world.timers.every(1ns, [&fired] { ++fired; }).value();
    EXPECT_TRUE(world.timers.reschedule(ticking, 0s));
    world.turn();
    world.turn();
    EXPECT_TRUE(world.timers.reschedule(ticking, 1h));
    EXPECT_TRUE(world.timers.cancel(ticking));
    EXPECT_TRUE(world.timers.after(0s, [&] { world.timers.after(0s, [] {}).value(); }));
    world.turn();
    world.turn();
    const std::size_t made = allocations().made;

    EXPECT_EQ(made, made_before);
    EXPECT_EQ(fired, 2);
}

}  // namespace
}  // namespace eventp::support
