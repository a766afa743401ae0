// SPDX-License-Identifier: MIT
//
// How long a turn waits, and what a signal does to it.
#include <chrono>
#include <cmath>
#include <limits>
#include <ratio>
#include <thread>

#include <gtest/gtest.h>

#include "support/files.hpp"
#include "support/signals.hpp"
#include "support/source.hpp"

namespace eventp::support {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

// Checks what a turn did, and that a timeout was not too short; never that it was punctual.

TEST(ReactorTimeout, OfZeroPolls) {  // [run.timeout]
    Reactor reactor;
    Source source;
    source.add_to(reactor);

    EXPECT_EQ(reactor.run_once(0s).value(), 0U);
    source.signal();
    EXPECT_EQ(reactor.run_once(0h).value(), 1U);
    EXPECT_EQ(reactor.run_once(std::chrono::duration<double>{0}).value(), 1U);
}

TEST(ReactorTimeout, ThatIsNegativeIsRefusedAndNoHandlerRuns) {  // [run.timeout] [run.deadline]
    Reactor reactor;
    Source source;
    source.add_to(reactor);
    source.signal();
    const auto invalid = std::errc::invalid_argument;

    EXPECT_EQ(error_of(reactor.run_once(-1ns)), invalid);
    EXPECT_EQ(error_of(reactor.run_once(-1h)), invalid);
    EXPECT_EQ(error_of(reactor.run_once(std::chrono::hours::min())), invalid);
    EXPECT_EQ(error_of(reactor.run_once(std::chrono::nanoseconds::min())), invalid);
    EXPECT_EQ(error_of(reactor.run_once(std::chrono::duration<double>{-0.5})), invalid);
    EXPECT_EQ(error_of(reactor.run_for(-1ms)), invalid);
    EXPECT_EQ(error_of(reactor.run_for(std::chrono::hours::min())), invalid);

    EXPECT_EQ(source.calls, 0);
    EXPECT_EQ(reactor.stats().turns, 0U);
}

TEST(ReactorTimeout, BelowAMillisecondIsWaitedFor) {  // [run.timeout]
    Reactor reactor;
    for (const auto timeout : {1ns, 999ns, 500'000ns}) {
        const auto start = steady_clock::now();

        EXPECT_EQ(reactor.run_once(timeout).value(), 0U);

        EXPECT_GE(steady_clock::now() - start, timeout);
    }
}

TEST(ReactorTimeout, IsRoundedUpToNanoseconds) {  // [run.timeout]
    Reactor reactor;
    using Picoseconds = std::chrono::duration<std::int64_t, std::pico>;

    EXPECT_EQ(reactor.run_once(Picoseconds{1}).value(), 0U);
    EXPECT_EQ(reactor.run_once(std::chrono::duration<double>{1e-12}).value(), 0U);
    EXPECT_EQ(error_of(reactor.run_once(Picoseconds{-1})), std::errc::invalid_argument);
}

TEST(ReactorTimeout, IsNotCutShort) {  // [run.timeout]
    Reactor reactor;
    const auto start = steady_clock::now();

    EXPECT_EQ(reactor.run_once(20ms).value(), 0U);

    EXPECT_GE(steady_clock::now() - start, 20ms);
}

TEST(ReactorTimeout, ThatIsTooLongMeansNoTimeoutAndDoesNotOverflow) {  // [run.timeout]
    Reactor reactor;
    Source source;
    source.add_to(reactor);
    const auto one_turn = [&](auto timeout) {
        // The wait is on when the signal comes, or it is not: an event ends it either way, and an
        // overflow would have been a refusal or a time-out of its own.
        std::thread signaller{[&] { source.signal(); }};
        const auto turned = reactor.run_once(timeout);
        signaller.join();
        source.drain();
        return turned.value_or(99);
    };

    EXPECT_EQ(one_turn(std::chrono::hours::max()), 1U);
    EXPECT_EQ(one_turn(std::chrono::nanoseconds::max()), 1U);
    EXPECT_EQ(one_turn(std::chrono::nanoseconds::max() - 1ns), 1U);
    EXPECT_EQ(one_turn(std::chrono::seconds::max()), 1U);
    EXPECT_EQ(one_turn(std::chrono::years{1'000'000}), 1U);
    EXPECT_EQ(one_turn(std::chrono::duration<double>{1e300}), 1U);
    EXPECT_EQ(one_turn(std::chrono::duration<double>{std::numeric_limits<double>::infinity()}), 1U);
    EXPECT_EQ(one_turn(std::chrono::duration<float>{std::numeric_limits<float>::max()}), 1U);
    // The last one below the limit, which rounding up takes over it.
    EXPECT_EQ(one_turn(std::chrono::duration<double, std::milli>{9223372036854.775390625}), 1U);
}

TEST(ReactorTimeout, ThatIsNotANumberOrMinusInfinityDoesNotOverflow) {  // [run.timeout]
    Reactor reactor;
    Source source;
    source.add_to(reactor);
    source.signal();

    const auto minus =
        reactor.run_once(std::chrono::duration<double>{-std::numeric_limits<double>::infinity()});
    const auto not_a_number = reactor.run_once(std::chrono::duration<double>{std::nan("")});

    EXPECT_EQ(error_of(minus), std::errc::invalid_argument);
    EXPECT_TRUE(not_a_number ? *not_a_number == 1
                             : not_a_number.error() == std::errc::invalid_argument);
}

TEST(ReactorSpin, PollsFirstAndLosesNoEventAndNoTime) {  // [run.busy_poll]
    auto reactor = Reactor::create({.busy_poll = 1ms});
    ASSERT_TRUE(reactor);
    Source source;
    source.add_to(*reactor);
    const auto start = steady_clock::now();

    EXPECT_EQ(reactor->run_once(5ms).value(), 0U);
    EXPECT_GE(steady_clock::now() - start, 5ms);
    EXPECT_EQ(reactor->run_once(100us).value(), 0U);

    source.signal();
    EXPECT_EQ(reactor->run_once().value(), 1U);
    source.drain();
    std::thread signaller{[&] { source.signal(); }};
    EXPECT_EQ(reactor->run_once().value(), 1U);
    signaller.join();
    EXPECT_EQ(source.calls, 2);
}

// --- run_for ------------------------------------------------------------------------------------

TEST(ReactorRunFor, EndsWhenTheTimeHasPassed) {  // [run.deadline]
    Reactor reactor;
    const auto start = steady_clock::now();

    EXPECT_TRUE(reactor.run_for(20ms));

    EXPECT_GE(steady_clock::now() - start, 20ms);
}

TEST(ReactorRunFor, EndsEvenIfSomethingIsAlwaysReady) {  // [run.deadline]
    Reactor reactor;
    Source source;
    source.add_to(reactor);
    source.signal();

    EXPECT_TRUE(reactor.run_for(5ms));

    EXPECT_GE(source.calls, 1);
}

TEST(ReactorRunFor, OfZeroIsOnePoll) {  // [run.deadline]
    Reactor reactor;
    Source source;
    source.add_to(reactor);
    source.signal();

    EXPECT_TRUE(reactor.run_for(0s));

    EXPECT_EQ(source.calls, 1);
}

TEST(ReactorRunFor, OfAHugeDurationEndsWithStop) {  // [run.deadline] [run.timeout]
    Reactor reactor;
    Source source{reading, [](Source&, ReactorOps& by) { by.stop(); }};
    source.add_to(reactor);
    source.signal();

    EXPECT_TRUE(reactor.run_for(std::chrono::hours::max()));
    EXPECT_TRUE(reactor.run_for(std::chrono::duration<double>{1e300}));
    EXPECT_TRUE(reactor.run_for(std::chrono::nanoseconds::max() - 1ns));

    EXPECT_EQ(source.calls, 3);
}

// --- signals ------------------------------------------------------------------------------------

TEST(ReactorSignal, InterruptsASingleTurnWhichFailsWithInterrupted) {  // [run.timeout]
    Reactor reactor;
    const SignalStorm storm;

    EXPECT_EQ(error_of(reactor.run_once()), std::errc::interrupted);
    EXPECT_EQ(error_of(reactor.run_once(1h)), std::errc::interrupted);

    EXPECT_EQ(reactor.stats().handlers_called, 0U);
}

TEST(ReactorSignal, DoesNotHideAReadyEvent) {  // [run.timeout]
    Reactor reactor;
    Source source;
    source.add_to(reactor);
    source.signal();
    const SignalStorm storm;

    for (int turn = 0; turn < 200; ++turn) {
        EXPECT_EQ(reactor.run_once(1h).value(), 1U);
    }
}

TEST(ReactorSignal, DoesNotEndRun) {  // [run.stop]
    Reactor reactor;
    Source source{reading, [](Source&, ReactorOps& by) { by.stop(); }};
    source.add_to(reactor);
    const int before = signals_handled.load();
    const SignalStorm storm;
    std::thread signaller{[&] {
        while (signals_handled.load() < before + 10) {
            std::this_thread::yield();
        }
        source.signal();
    }};

    EXPECT_TRUE(reactor.run());

    signaller.join();
    EXPECT_EQ(source.calls, 1);
}

TEST(ReactorSignal, DoesNotEndRunForWhichContinuesWithTheRemainingTime) {  // [run.deadline]
    Reactor reactor;
    const auto start = steady_clock::now();
    const int before = signals_handled.load();
    const SignalStorm storm;

    EXPECT_TRUE(reactor.run_for(50ms));

    EXPECT_GE(steady_clock::now() - start, 50ms);
    EXPECT_GT(signals_handled.load(), before);
}

}  // namespace
}  // namespace eventp::support
