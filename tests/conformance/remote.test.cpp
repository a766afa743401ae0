// SPDX-License-Identifier: MIT
#include <memory>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <poll.h>

#include <eventp/eventp.hpp>

#include "support/reactor_thread.hpp"
#include "support/source.hpp"

namespace eventp {
namespace {

using namespace std::chrono_literals;
using support::error_of;
using support::ReactorThread;

TEST(RemotePost, RunsTheClosureOnTheReactorsThread) {  // [remote.post]
    ReactorThread running;
    std::thread::id ran_on;

    ASSERT_TRUE(running.endpoint().post([&ran_on] { ran_on = std::this_thread::get_id(); }));
    ASSERT_TRUE(running.endpoint().call([] {}));

    EXPECT_EQ(ran_on, running.thread_id());
}

TEST(RemotePost, GivesTheClosureTheReactor) {  // [remote.post]
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

TEST(RemotePost, LeavesWhatIsOverTheBoundToTheNextTurn) {  // [remote.bounded]
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

TEST(RemotePost, RunsTheClosureWhenItsEndpointIsGone) {  // [remote.post]
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
    for (int i = 0; i < 600; ++i) {
        ASSERT_TRUE(endpoint.post([&order, i] { order.push_back(i); }));
        if (i % 100 == 0) {
            support::poll(reactor);  // so that some are left over from a turn before
        }
    }
    while (order.size() < 600) {
        support::poll(reactor);
    }

    std::vector<int> expected(600);
    std::iota(expected.begin(), expected.end(), 0);
    EXPECT_EQ(order, expected);
}

TEST(RemotePost, WakesAReactorThatIsEmbeddedInAnotherLoop) {  // [remote.coalesce]
    Reactor reactor;
    pollfd outer{.fd = reactor.fd().value().fd(), .events = POLLIN, .revents = 0};
    const RemoteEndpoint endpoint{reactor};
    support::poll(reactor);
    ASSERT_EQ(::poll(&outer, 1, 0), 0);
    int runs = 0;

    for (int i = 0; i < 1000; ++i) {
        ASSERT_TRUE(endpoint.post([&runs] { ++runs; }));
    }

    while (::poll(&outer, 1, 0) == 1) {  // and stays readable until all of them have run
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
    EXPECT_EQ(running.endpoint().call([] { return 1; }), 1);  // and the reactor goes on
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

TEST(RemoteCall, GivesUpAClosureThatHasNotStartedAndItNeverRuns) {  // [remote.timeout]
    Reactor reactor;                                                // nobody runs it
    const RemoteEndpoint endpoint{reactor};
    const auto token = std::make_shared<int>(0);
    bool ran = false;

    const auto called = endpoint.call([&ran, token] { ran = true; }, 1ms);

    EXPECT_EQ(error_of(called), std::errc::timed_out);
    EXPECT_EQ(token.use_count(), 1);  // destroyed before call() returned
    support::poll(reactor);
    EXPECT_FALSE(ran);
}

TEST(RemoteCall, WaitsForAClosureThatHasStartedWhenTheTimeIsOver) {  // [remote.timeout]
    ReactorThread running;
    std::atomic<bool> started{false};
    std::atomic<bool> may_end{false};
    std::jthread opener{[&] {
        started.wait(false);
        // The caller's time is long over when this thread gets here or it is not: either way the
        // closure has started, and the answer must be its own.
        may_end = true;
        may_end.notify_all();
    }};

    const auto called = running.endpoint().call(
        [&] {
            started = true;
            started.notify_all();
            may_end.wait(false);
            return 5;
        },
        started ? 0ms : 10s);

    EXPECT_EQ(called, 5);
}

TEST(RemoteCall, WaitsBeyondItsTimeoutOnceTheClosureRuns) {  // [remote.timeout]
    ReactorThread running;
    const auto deadline_is_over = [start = std::chrono::steady_clock::now()] {
        return std::chrono::steady_clock::now() - start > 30ms;
    };

    const auto called = running.endpoint().call(
        [&] {
            while (!deadline_is_over()) {
            }
            return 6;
        },
        20ms);

    // A machine so slow that the closure did not start in time is told apart, not failed.
    if (error_of(called) != std::errc::timed_out) {
        EXPECT_EQ(called, 6);
    }
}

TEST(RemoteGone, AnswersBrokenPipeOnceTheReactorIsGone) {  // [remote.gone]
    std::optional<Reactor> reactor{std::in_place};
    const RemoteEndpoint endpoint{*reactor};
    reactor.reset();

    EXPECT_EQ(error_of(endpoint.post([] {})), std::errc::broken_pipe);
    EXPECT_EQ(error_of(endpoint.call([] {})), std::errc::broken_pipe);
    EXPECT_EQ(error_of(endpoint.call([] {}, 1s)), std::errc::broken_pipe);
    EXPECT_EQ(error_of(endpoint.call_async([] {}).get()), std::errc::broken_pipe);
    EXPECT_EQ(error_of(endpoint.stop()), std::errc::broken_pipe);
}

TEST(RemoteGone, ReleasesWhoWaitsWhenTheReactorGoes) {  // [remote.gone]
    std::optional<Reactor> reactor{std::in_place};
    const RemoteEndpoint endpoint{*reactor};
    std::atomic<int> waiting{0};
    std::vector<std::error_code> answers(4);
    std::vector<std::jthread> callers;
    for (std::error_code& answer : answers) {
        callers.emplace_back([&] {
            ++waiting;
            answer = error_of(endpoint.call([] {}));
        });
    }
    while (waiting < 4) {
    }

    reactor.reset();
    callers.clear();

    for (const std::error_code& answer : answers) {
        EXPECT_EQ(answer, std::errc::broken_pipe);
    }
}

TEST(RemoteGone, DestroysClosuresThatDidNotRunWithNoLockHeld) {  // [remote.gone]
    std::optional<Reactor> reactor{std::in_place};
    const RemoteEndpoint endpoint{*reactor};
    struct PostsWhenDestroyed {
        RemoteEndpoint endpoint;
        std::error_code* answer;
        void operator()() const {}
        PostsWhenDestroyed(RemoteEndpoint e, std::error_code* a)
            : endpoint{std::move(e)}, answer{a} {}
        PostsWhenDestroyed(PostsWhenDestroyed&& other) noexcept
            : endpoint{other.endpoint}, answer{std::exchange(other.answer, nullptr)} {}
        ~PostsWhenDestroyed() {
            if (answer != nullptr) {
                *answer = error_of(endpoint.post([] {}));
            }
        }
    };
    std::error_code answer;
    ASSERT_TRUE(endpoint.post(PostsWhenDestroyed{endpoint, &answer}));

    reactor.reset();

    EXPECT_EQ(answer, std::errc::broken_pipe);
}

TEST(RemoteStop, EndsARunFromAnotherThread) {  // [remote.stop]
    Reactor reactor;
    const RemoteEndpoint endpoint{reactor};
    std::jthread stopper{[&endpoint] { EXPECT_TRUE(endpoint.stop()); }};

    EXPECT_TRUE(reactor.run());
}

}  // namespace
}  // namespace eventp
