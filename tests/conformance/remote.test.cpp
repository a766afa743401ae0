// SPDX-License-Identifier: MIT
#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <unistd.h>

#include <eventp/eventp.hpp>

#include "support/files.hpp"
#include "support/source.hpp"
#include "support/threads.hpp"
#include "support/user_code.hpp"

namespace eventp {
namespace {

using namespace std::chrono_literals;
using support::error_of;
using support::ReactorThread;
using support::UserCode;

TEST(RemotePost, RunsTheClosureOnTheReactorsThread) {  // [remote.post]
    ReactorThread running;
    std::thread::id ran_on;

    ASSERT_TRUE(running.endpoint().post([&ran_on] { ran_on = std::this_thread::get_id(); }));
    ASSERT_TRUE(running.endpoint().call([] {}));

    EXPECT_EQ(ran_on, running.thread_id());
}

TEST(RemotePost, CallsTheClosureWithTheReactor) {  // [remote.post]
    Reactor reactor;
    const RemoteEndpoint endpoint{reactor};
    support::Source source;
    ReactorOps* given = nullptr;

    ASSERT_TRUE(endpoint.post([&](ReactorOps& ops) {
        given = &ops;
        source.add_to(ops);
    }));
    EXPECT_EQ(support::poll(reactor), 0U);  // a closure is no handler

    EXPECT_EQ(given, &reactor);
    EXPECT_TRUE(reactor.contains(source.name));
}

TEST(RemotePost, TakesAMemberFunctionOfTheReactor) {  // [remote.post]
    Reactor reactor;

    ASSERT_TRUE(RemoteEndpoint{reactor}.post(&ReactorOps::stop));

    EXPECT_TRUE(reactor.run());
}

TEST(RemotePost, DoesNotChangeAnEndpointThatIsMovedFrom) {  // [remote.post]
    Reactor reactor;
    RemoteEndpoint from{reactor};
    const RemoteEndpoint to = std::move(from);
    int runs = 0;

    // NOLINTNEXTLINE(bugprone-use-after-move): it says that moving copies.
    ASSERT_TRUE(from.post([&runs] { ++runs; }));
    ASSERT_TRUE(to.post([&runs] { ++runs; }));

    support::poll(reactor);
    EXPECT_EQ(runs, 2);
}

TEST(RemotePost, TakesAMoveOnlyClosure) {  // [remote.post]
    Reactor reactor;
    const RemoteEndpoint endpoint{reactor};
    int got = 0;

    ASSERT_TRUE(endpoint.post([&got, value = std::make_unique<int>(7)] { got = *value; }));
    support::poll(reactor);

    EXPECT_EQ(got, 7);
}

TEST(RemotePost, RunsWhatTheLoopItselfPostsInTheNextTurn) {  // [remote.bounded]
    Reactor reactor;
    const RemoteEndpoint endpoint{reactor};
    int runs = 0;
    std::function<void()> again = [&] {
        ++runs;
        ASSERT_TRUE(endpoint.post(again));
    };
    again();

    support::poll(reactor);
    EXPECT_EQ(runs, 2);
    support::poll(reactor);
    EXPECT_EQ(runs, 3);
}

TEST(RemotePost, LeavesClosuresOverTheLimitToTheNextTurn) {  // [remote.bounded]
    Reactor reactor;
    const RemoteEndpoint endpoint{reactor};
    support::Source source;
    source.add_to(reactor);
    source.signal();
    int runs = 0;
    for (int i = 0; i < 1000; ++i) {
        ASSERT_TRUE(endpoint.post([&runs] { ++runs; }));
    }

    EXPECT_EQ(support::poll(reactor), 1U);  // the descriptor is served beside them
    EXPECT_LT(runs, 1000);
    EXPECT_GT(runs, 0);
    for (int turn = 0; turn < 1000 && runs < 1000; ++turn) {
        support::poll(reactor);
    }
    EXPECT_EQ(runs, 1000);
}

TEST(RemotePost, RunsTheClosureAfterItsEndpointIsDestroyed) {  // [remote.post]
    Reactor reactor;
    bool ran = false;

    ASSERT_TRUE(RemoteEndpoint{reactor}.post([&ran] { ran = true; }));
    support::poll(reactor);

    EXPECT_TRUE(ran);
}

TEST(RemotePost, KeepsTheOrderOfOneProducer) {  // [remote.order]
    Reactor reactor;
    const RemoteEndpoint endpoint{reactor};
    std::vector<int> order;
    for (int i = 0; i < 900; ++i) {
        ASSERT_TRUE(endpoint.post([&order, i] { order.push_back(i); }));
        if (i % 300 == 299) {
            support::poll(reactor);  // runs some; the others are left over to later turns
        }
    }
    EXPECT_LT(order.size(), 900U);
    while (order.size() < 900) {
        support::poll(reactor);
    }

    std::vector<int> expected(900);
    std::iota(expected.begin(), expected.end(), 0);
    EXPECT_EQ(order, expected);
}

TEST(RemotePost, WakesAReactorThatIsEmbeddedInAnotherLoop) {  // [remote.coalesce]
    Reactor reactor;
    const int outer = reactor.fd().value().fd();
    const RemoteEndpoint endpoint{reactor};
    support::poll(reactor);
    ASSERT_FALSE(support::is_readable(outer));
    int runs = 0;

    for (int i = 0; i < 1000; ++i) {
        ASSERT_TRUE(endpoint.post([&runs] { ++runs; }));
    }

    while (support::is_readable(outer)) {  // and stays readable until all of them have run
        support::poll(reactor);
    }
    EXPECT_EQ(runs, 1000);
}

#if defined(__cpp_exceptions)
TEST(RemotePost, LetsAnExceptionLeaveTheTurnAndRunsTheRestInTheNext) {  // [remote.post]
    Reactor reactor;
    const RemoteEndpoint endpoint{reactor};
    support::Source source;
    source.add_to(reactor);
    source.signal();
    bool ran = false;
    ASSERT_TRUE(endpoint.post([] { throw std::runtime_error{"posted"}; }));
    ASSERT_TRUE(endpoint.post([&ran] { ran = true; }));

    EXPECT_THROW(static_cast<void>(reactor.run_once()), std::runtime_error);
    EXPECT_FALSE(ran);
    for (int turn = 0; turn < 3 && !ran; ++turn) {
        support::poll(reactor);
    }

    EXPECT_TRUE(ran);
    EXPECT_GE(source.calls, 1);
}

TEST(RemoteCall, ThrowsWhatTheClosureThrew) {  // [remote.call]
    ReactorThread running;

    EXPECT_THROW(
        static_cast<void>(running.endpoint().call([]() -> int { throw std::runtime_error{"x"}; })),
        std::runtime_error);
    EXPECT_EQ(running.endpoint().call([] { return 1; }), 1);  // and the reactor continues
}
#endif

TEST(RemoteCall, ReturnsWhatTheClosureReturns) {  // [remote.call]
    ReactorThread running;

    EXPECT_EQ(running.endpoint().call([] { return 42; }), 42);
    EXPECT_EQ(*running.endpoint().call([] { return std::make_unique<int>(43); }).value(), 43);
    EXPECT_TRUE(running.endpoint().call([] {}).has_value());
}

TEST(RemoteCall, DoesNotWrapAResultTwice) {  // [remote.call]
    ReactorThread running;

    const Result<int> good = running.endpoint().call([]() -> Result<int> { return 1; });
    const Result<> bad = running.endpoint().call(
        []() -> Result<> { return std::unexpected{make_error_code(std::errc::io_error)}; });

    EXPECT_EQ(good, 1);
    EXPECT_EQ(error_of(bad), std::errc::io_error);
}

TEST(RemoteCall, RefusesToBlockTheReactorsOwnThread) {  // [remote.call]
    ReactorThread running;
    const RemoteEndpoint& endpoint = running.endpoint();

    const auto inner = endpoint.call([&endpoint] { return error_of(endpoint.call([] {})); });

    EXPECT_EQ(inner, std::errc::resource_deadlock_would_occur);
}

TEST(RemoteCall,
     RefusesToBlockTheReactorsOwnThreadWithATimeoutToo) {  // [remote.call] [remote.timeout]
    ReactorThread running;
    const RemoteEndpoint& endpoint = running.endpoint();

    const auto inner = endpoint.call([&endpoint] { return error_of(endpoint.call([] {}, 1ms)); });

    EXPECT_EQ(inner, std::errc::resource_deadlock_would_occur);
}

TEST(RemoteCall, AbandonsAClosureThatHasNotStartedInTime) {  // [remote.timeout]
    Reactor reactor;                                         // no thread runs it
    const RemoteEndpoint endpoint{reactor};
    const auto token = std::make_shared<int>(0);
    bool ran = false;

    const auto called = endpoint.call([&ran, token] { ran = true; }, 1ms);

    EXPECT_EQ(error_of(called), std::errc::timed_out);
    EXPECT_EQ(token.use_count(), 1);  // destroyed before call() returned
    support::poll(reactor);
    EXPECT_FALSE(ran);
}

TEST(RemoteCall, TimesOutAtOnceIfTheTimeoutIsNegative) {  // [remote.timeout]
    Reactor reactor;                                      // no thread runs it
    const RemoteEndpoint endpoint{reactor};

    EXPECT_EQ(error_of(endpoint.call([] {}, -1ns)), std::errc::timed_out);
    EXPECT_EQ(error_of(endpoint.call([] {}, std::chrono::hours{-5'000'000})), std::errc::timed_out);
    EXPECT_EQ(error_of(endpoint.call([] {}, std::chrono::hours::min())), std::errc::timed_out);
    EXPECT_EQ(error_of(endpoint.call([] {}, std::chrono::nanoseconds::min())),
              std::errc::timed_out);
    EXPECT_EQ(error_of(endpoint.call([] {}, std::chrono::duration<double>{-1e300})),
              std::errc::timed_out);
}

TEST(RemoteCall, WaitsForAClosureThatHasStartedHoweverLongItTakes) {  // [remote.timeout]
    using std::chrono::steady_clock;
    bool started = false;
    ReactorThread running;
    // On a machine that is too slow to start it in time the closure is given up: give it more.
    for (auto timeout = 10ms; !started && timeout < 10s; timeout *= 2) {
        const auto called = running.endpoint().call(
            [&started, timeout] {
                started = true;
                const auto end = steady_clock::now() + 2 * timeout;  // the caller's is earlier
                while (steady_clock::now() <= end) {
                }
                return 6;
            },
            timeout);
        EXPECT_EQ(error_of(called),
                  started ? std::error_code{} : make_error_code(std::errc::timed_out));
    }

    EXPECT_TRUE(started);
}

TEST(RemoteGone, FailsWithBrokenPipeAfterTheReactorIsDestroyed) {  // [remote.gone]
    std::optional<Reactor> reactor{std::in_place};
    const RemoteEndpoint endpoint{*reactor};
    reactor.reset();

    EXPECT_EQ(error_of(endpoint.post([] {})), std::errc::broken_pipe);
    EXPECT_EQ(error_of(endpoint.call([] {})), std::errc::broken_pipe);
    EXPECT_EQ(error_of(endpoint.call([] {}, 1s)), std::errc::broken_pipe);
    EXPECT_EQ(error_of(endpoint.call_async([] {}).get()), std::errc::broken_pipe);
    EXPECT_EQ(error_of(endpoint.stop()), std::errc::broken_pipe);
}

TEST(RemoteGone, WakesWaitingThreadsWhenTheReactorIsDestroyed) {  // [remote.gone]
    std::optional<Reactor> reactor{std::in_place};
    const RemoteEndpoint endpoint{*reactor};
    std::array<std::error_code, 6> answers;
    std::array<std::atomic<pid_t>, 6> threads{};
    std::vector<std::jthread> waiting;
    for (std::size_t i = 0; i < answers.size(); ++i) {
        waiting.emplace_back([&, i, queued = endpoint.call_async([] {})]() mutable {
            threads[i] = ::gettid();
            threads[i].notify_all();
            if (i % 3 == 0) {
                answers[i] = error_of(std::move(queued).get());
            } else if (i % 3 == 1) {
                answers[i] = error_of(endpoint.call([] {}));
            } else {
                answers[i] = error_of(endpoint.call([] {}, 1h));
            }
        });
        threads[i].wait(0);
        support::wait_until_blocked(threads[i]);
    }

    reactor.reset();
    waiting.clear();

    for (const std::error_code& answer : answers) {
        EXPECT_EQ(answer, std::errc::broken_pipe);
    }
}

TEST(RemoteGone, DestroysClosuresThatDidNotRunWithNoLockHeld) {  // [remote.gone]
    std::optional<Reactor> reactor{std::in_place};
    const RemoteEndpoint endpoint{*reactor};
    std::error_code answer;
    ASSERT_TRUE(endpoint.post(
        UserCode{UserCode::When::destroyed, [&] { answer = error_of(endpoint.post([] {})); }}));

    reactor.reset();

    EXPECT_EQ(answer, std::errc::broken_pipe);
}

TEST(RemoteStop, EndsARunFromAnotherThread) {  // [remote.stop]
    Reactor reactor;
    const RemoteEndpoint endpoint{reactor};
    std::jthread stopper;
    ASSERT_TRUE(endpoint.post([&, runner = ::gettid()] {
        stopper = std::jthread{[&endpoint, runner] {
            support::wait_until_blocked(runner);  // in its next turn
            EXPECT_TRUE(endpoint.stop());
        }};
    }));

    EXPECT_TRUE(reactor.run());
    EXPECT_TRUE(stopper.joinable());
}

}  // namespace
}  // namespace eventp
