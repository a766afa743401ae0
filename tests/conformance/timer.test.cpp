// SPDX-License-Identifier: MIT
//
// Timers in a real reactor, on the kernel's clocks.
#include <eventp/timer.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include <eventp/eventp.hpp>

#include "support/files.hpp"
#include "support/forks.hpp"

namespace eventp::support {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;
using std::chrono::steady_clock;

constexpr auto long_enough = 20s;

/// Runs until stop(). Fails the test when that does not come.
void run(Reactor& reactor) {
    const auto begin = steady_clock::now();
    ASSERT_TRUE(reactor.run_for(long_enough).has_value());
    ASSERT_LT(steady_clock::now() - begin, long_enough) << "nothing stopped the reactor";
}

TEST(Timers, WakeAWaitingReactorAtTheirDeadlineAndNotBefore) {  // [timer.after] [timer.at]
    for (const auto clock : {Timers::Clock::monotonic, Timers::Clock::boottime}) {
        Reactor reactor;
        Timers timers = Timers::create(reactor, clock).value();
        const auto begin = steady_clock::now();
        const auto boot_begin = BootClock::now();
        timers.after(3ms, [&](ReactorOps& ops) { ops.stop(); }).value();

        run(reactor);

        EXPECT_GE(steady_clock::now() - begin, 3ms);
        EXPECT_GE(BootClock::now() - boot_begin, 3ms);
    }
}

TEST(Timers, ArmedEarlierByAnotherHandlerWakeInTime) {  // [timer.lazy]
    Reactor reactor;
    Timers timers = Timers::create(reactor).value();
    timers.after(24h, [] { FAIL() << "that was no day"; }).value();
    const auto added = interest()
                           .read()
                           .with_fd(make_eventfd(1))
                           .with_handler([&](OwnedFd& fd, ReactorOps& ops) {
                               timers.after(1ms, [](ReactorOps& inner) { inner.stop(); }).value();
                               ops.remove(fd);
                           })
                           .register_into(reactor);
    ASSERT_TRUE(added.has_value());

    run(reactor);

    EXPECT_EQ(timers.size(), 1U);
}

TEST(Timers, TickInWholePeriodsFromTheirStart) {  // [timer.every]
    constexpr auto period = 500us;
    Reactor reactor;
    Timers timers = Timers::create(reactor).value();
    std::uint64_t ticks = 0;
    const auto begin = steady_clock::now();
    timers
        .every(period,
               [&](Expirations expirations, ReactorOps& ops) {
                   ticks += expirations.count();
                   EXPECT_GE(steady_clock::now() - begin, ticks * period);
                   if (ticks >= 20) {
                       ops.stop();
                   }
               })
        .value();

    run(reactor);

    const auto passed = steady_clock::now() - begin;
    EXPECT_GE(ticks, 20U);
    EXPECT_LE(ticks * period, passed);
}

/// Always ready, so that each turn has something else to do than timers.
void add_load(Reactor& reactor, std::uint64_t& handled) {
    for (int i = 0; i < 16; ++i) {
        const auto added = interest()
                               .read()
                               .with_fd(make_eventfd(1))
                               .with_handler([&handled] { ++handled; })
                               .register_into(reactor);
        ASSERT_TRUE(added.has_value());
    }
}

TEST(Timers, FireTenThousandRandomDeadlinesInOrderUnderALoadOfDescriptors) {
    // [timer.order] [timer.never_early]
    constexpr std::size_t count = 10'000;
    Reactor reactor;
    std::uint64_t handled = 0;
    add_load(reactor, handled);
    Timers timers = Timers::create(reactor).value();
    std::mt19937_64 random{3};
    // Nothing fires before run(): whatever is over by then is due in order, too.
    const auto begin = steady_clock::now() + 5ms;
    std::vector<nanoseconds> lateness;
    std::optional<steady_clock::time_point> last;
    for (std::size_t i = 0; i < count; ++i) {
        const auto deadline = begin + nanoseconds{random() % 300'000'000};
        timers
            .at(deadline,
                [&, deadline](ReactorOps& ops) {
                    const auto late = steady_clock::now() - deadline;
                    EXPECT_GE(late, 0ns) << "early";
                    EXPECT_LE(last.value_or(deadline), deadline) << "out of order";
                    last = deadline;
                    lateness.push_back(late);
                    if (lateness.size() == count) {
                        ops.stop();
                    }
                })
            .value();
    }

    run(reactor);

    ASSERT_EQ(lateness.size(), count);
    EXPECT_GT(handled, 0U);
    std::sort(lateness.begin(), lateness.end());
    const auto us = [&](std::size_t permille) {
        return static_cast<double>(lateness[(count - 1) * permille / 1000].count()) / 1000;
    };
    std::printf(
        "lateness in us: min %.1f, median %.1f, 90 %% %.1f, 99 %% %.1f, 99.9 %% %.1f, "
        "max %.1f\n",
        us(0), us(500), us(900), us(990), us(999), us(1000));
}

TEST(Timers, WithOneDeadlineFireInTheOrderOfTheirArming) {  // [timer.fifo]
    constexpr int count = 3 * static_cast<int>(Timers::expired_per_turn);
    Reactor reactor;
    Timers timers = Timers::create(reactor).value();
    std::vector<int> fired;
    const auto deadline = steady_clock::now() + 1ms;
    for (int i = 0; i < count; ++i) {
        timers
            .at(deadline,
                [&fired, i](ReactorOps& ops) {
                    fired.push_back(i);
                    if (i == count - 1) {
                        ops.stop();
                    }
                })
            .value();
    }

    run(reactor);

    EXPECT_EQ(fired.size(), static_cast<std::size_t>(count));
    EXPECT_TRUE(std::ranges::is_sorted(fired));
}

TEST(Timers, DoNotStarveDescriptors) {  // [timer.bounded]
    Reactor reactor;
    Timers timers = Timers::create(reactor).value();
    std::uint64_t handled = 0;
    std::uint64_t fired = 0;
    const auto deadline = steady_clock::now();
    for (std::size_t i = 0; i < 10 * Timers::expired_per_turn; ++i) {
        timers
            .at(deadline,
                [&](ReactorOps& ops) {
                    if (++fired == 10 * Timers::expired_per_turn) {
                        ops.stop();
                    }
                })
            .value();
    }
    add_load(reactor, handled);

    run(reactor);

    EXPECT_GE(handled, 9U * 16U) << "in each turn but the last, whose order is the kernel's";
}

TEST(Timers, OfAForkedChildHaveATimerfdOfTheirOwnAfterReinit) {  // [timer.fork]
    Reactor reactor;
    Timers timers = Timers::create(reactor).value();
    int fired = 0;
    timers
        .after(2ms,
               [&](ReactorOps& ops) {
                   ++fired;
                   ops.stop();
               })
        .value();
    const TimerId other = timers.after(24h, [] {}).value();
    {
        Forked child{[&](const Forked::Parent&) {
            const auto error = timers.after(1ms, [] {});
            if (error.has_value() || error.error() != std::errc::no_child_process) {
                return 1;
            }
            if (timers.cancel(other) || timers.reschedule(other, 1ms)) {
                return 2;
            }
            if (!reactor.reinit_after_fork()) {
                return 3;
            }
            if (!timers.reschedule(other, 24h) || !reactor.run_for(long_enough) || fired != 1) {
                return 4;
            }
            return timers.cancel(other) && timers.after(48h, [] {}) ? 0 : 5;
        }};
        EXPECT_EQ(child.exit_code(), 0);
    }

    run(reactor);

    EXPECT_EQ(fired, 1);
    EXPECT_TRUE(timers.cancel(other));
}

TEST(Timers, DestroyedInAForkedChildDoNotAffectThoseOfTheParent) {  // [timer.fork]
    std::optional<Reactor> reactor{std::in_place};
    std::optional<Timers> timers{Timers::create(*reactor).value()};
    const TimerId id = timers->after(24h, [] { FAIL() << "that was no day"; }).value();
    {
        Forked child{[&](const Forked::Parent&) {
            timers.reset();
            reactor.reset();
            return 0;
        }};
        EXPECT_EQ(child.exit_code(), 0);
    }

    EXPECT_EQ(reactor->run_once(0s).value(), 0U) << "the child has set the parent's timerfd";

    EXPECT_TRUE(timers->cancel(id));
}

TEST(Timers, StopInAChildThatAHandlerForks) {  // [timer.fork]
    Reactor reactor;
    Timers timers = Timers::create(reactor).value();
    int fired = 0;
    pid_t child = -1;
    const auto now = steady_clock::now();
    timers
        .at(now,
            [&] {
                ++fired;
                child = ::fork();
            })
        .value();
    timers
        .at(now + 1ns,
            [&](ReactorOps& ops) {
                ++fired;
                ops.stop();
            })
        .value();

    static_cast<void>(reactor.run_once(long_enough));
    if (child == 0) {
        ::_exit(fired);
    }

    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 1);
    EXPECT_EQ(fired, 2);
}

}  // namespace
}  // namespace eventp::support
