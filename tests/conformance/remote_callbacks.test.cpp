// SPDX-License-Identifier: MIT
//
// What posted closures may do to the reactor, how many run in a turn, and what becomes of the
// closure of a caller that is cancelled.
#include <atomic>
#include <chrono>
#include <functional>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <pthread.h>
#include <unistd.h>

#include "support/files.hpp"
#include "support/source.hpp"
#include "support/threads.hpp"

namespace eventp::support {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

// --- a turn's bounds ---

/// Another cause for the eventfd to be readable than the tasks that wait.
enum class Wakeup : std::uint8_t { none, stop, full_batch };

class RemoteBounds : public testing::TestWithParam<Wakeup> {};
INSTANTIATE_TEST_SUITE_P(Wakeup, RemoteBounds,
                         testing::Values(Wakeup::none, Wakeup::stop, Wakeup::full_batch));

TEST_P(RemoteBounds, AtMost256ClosuresRunInATurn) {  // [remote.bounded]
    Reactor reactor{{.event_capacity = 1}};
    const RemoteEndpoint endpoint{reactor};
    Source source;
    source.add_to(reactor);
    int ran = 0;
    for (int i = 0; i < 1000; ++i) {
        ASSERT_TRUE(endpoint.post([&] { ++ran; }));
    }
    if (GetParam() == Wakeup::stop) {
        ASSERT_TRUE(endpoint.stop());  // writes to the eventfd: the kernel reports it, too
    } else if (GetParam() == Wakeup::full_batch) {
        source.signal();
    }

    for (int turn = 1; turn <= 4; ++turn) {
        poll(reactor);
        EXPECT_EQ(ran, std::min(256 * turn, 1000));
    }
    poll(reactor);
    EXPECT_EQ(ran, 1000);
}

TEST_P(RemoteBounds, AClosureThatAClosurePostsRunsInALaterTurn) {  // [remote.bounded]
    Reactor reactor;
    const RemoteEndpoint endpoint{reactor};
    int ran = 0;
    std::function<void()> again = [&] {
        ++ran;
        if (GetParam() == Wakeup::stop) {
            ASSERT_TRUE(endpoint.stop());
        }
        ASSERT_TRUE(endpoint.post(again));
    };
    again();

    for (int turn = 1; turn <= 5; ++turn) {
        poll(reactor);
        EXPECT_EQ(ran, 1 + turn);
    }
}

// --- removal ---

TEST(RemoteRemoval,
     DestroysTheSubscriberWhenTheClosureThatRemovedItHasReturned) {  // [remove.callback]
    Reactor reactor;
    const RemoteEndpoint endpoint{reactor};
    Source source;
    source.add_to(reactor);
    std::vector<int> destroyed;
    ASSERT_TRUE(endpoint.post([&](ReactorOps& ops) {
        EXPECT_TRUE(ops.remove(source.name));
        destroyed.push_back(source.destroyed);
    }));
    for (int i = 0; i < 2; ++i) {
        ASSERT_TRUE(endpoint.post([&] { destroyed.push_back(source.destroyed); }));
    }

    poll(reactor);

    EXPECT_EQ(destroyed, (std::vector{0, 1, 1}));
}

TEST(RemoteRemoval, DestroysTheSubscriberBeforeTheCallReturns) {  // [remote.call_destroys]
    ReactorThread running;
    const RemoteEndpoint& endpoint = running.endpoint();
    for (int i = 0; i < 200; ++i) {
        Source source;
        ASSERT_TRUE(endpoint.call([&](ReactorOps& ops) { source.add_to(ops); }));

        const auto removed =
            i % 2 == 0
                ? endpoint.call([&](ReactorOps& ops) { return ops.remove(source.name); })
                : endpoint.call_async([&](ReactorOps& ops) { return ops.remove(source.name); })
                      .get();

        EXPECT_EQ(removed, true);
        EXPECT_EQ(source.destroyed, 1);
    }
}

TEST(RemoteRemoval, DestroysTheClosureBeforeTheCallReturns) {  // [remote.call_destroys]
    ReactorThread running;
    for (int i = 0; i < 200; ++i) {
        const auto used = std::make_shared<int>(0);
        ASSERT_TRUE(running.endpoint().call([used] { ++*used; }));
        EXPECT_EQ(used.use_count(), 1);
    }
}

TEST(ReactorDestroyRemoved, DestroysAllButTheRunningSubscriberInItsHandler) {  // [remove.callback]
    Reactor reactor;
    Crowd crowd{reactor, 3, reading};
    crowd.then = [&](std::size_t position, Source& self, ReactorOps& by) {
        if (position != 0) {
            return;
        }
        for (Source& member : crowd.members) {
            EXPECT_TRUE(by.remove(member.name));
        }
        by.destroy_removed();
        for (const Source& member : crowd.members) {
            EXPECT_EQ(member.destroyed, &member == &self ? 0 : 1);
        }
        by.destroy_removed();
    };
    crowd.signal_all();

    EXPECT_EQ(poll(reactor), 1U);

    for (const Source& member : crowd.members) {
        EXPECT_EQ(member.destroyed, 1);
    }
    EXPECT_EQ(reactor.stats().registered, 0U);
}

TEST(ReactorDestroyRemoved, LetsTheRestOfTheBatchRun) {  // [remove.callback]
    Reactor reactor;
    Crowd crowd{reactor, 5, reading};
    crowd.then = [&](std::size_t position, Source&, ReactorOps& by) {
        if (position == 0) {
            EXPECT_TRUE(by.remove(crowd.waiting().name));
            by.destroy_removed();
        }
    };
    crowd.signal_all();

    EXPECT_EQ(poll(reactor), 4U);
}

TEST(ReactorDestroyRemoved, DoesNothingOutsideAHandler) {  // [remove.callback]
    Reactor reactor;
    Source source;
    source.add_to(reactor);

    reactor.destroy_removed();

    EXPECT_EQ(source.destroyed, 0);
}

// --- refusals ---

TEST(RemoteNull, ClosuresAreRefused) {  // [remote.post] [remote.call] [remote.async]
    ReactorThread running;
    const RemoteEndpoint& endpoint = running.endpoint();
    const std::function<void()> empty;
    void (*const null)() = nullptr;
    constexpr auto error = std::errc::invalid_argument;

    EXPECT_EQ(error_of(endpoint.post(empty)), error);
    EXPECT_EQ(error_of(endpoint.post(null)), error);
    EXPECT_EQ(error_of(endpoint.call(empty)), error);
    EXPECT_EQ(error_of(endpoint.call(null)), error);
    EXPECT_EQ(error_of(endpoint.call(empty, hours{1})), error);
    EXPECT_EQ(error_of(endpoint.call(null, hours{1})), error);
    EXPECT_EQ(error_of(endpoint.call_async(empty).get()), error);
    EXPECT_EQ(error_of(endpoint.call_async(null).get()), error);
}

// --- a caller that is cancelled ---

#if defined(__cpp_exceptions) && !defined(EVENTP_TEST_ASAN)

/// Runs `body` in a thread and cancels it when it is blocked and `may_cancel` is set; then calls
/// `meanwhile`. Returns whether the thread was cancelled.
bool is_cancelled_when_blocked(
    std::function<void()> body, const std::function<void()>& meanwhile = [] {},
    const std::atomic<bool>& may_cancel = true) {
    const CancellableThread thread{std::move(body)};
    while (!may_cancel) {
        std::this_thread::yield();
    }
    thread.wait_until_blocked();
    thread.cancel();
    meanwhile();
    return thread.join();
}

enum class Way : std::uint8_t { call, call_with_timeout, get };
class RemoteCancel : public testing::TestWithParam<Way> {
protected:
    template <typename F>
    static void wait_for(const RemoteEndpoint& endpoint, F closure) {
        switch (GetParam()) {
            case Way::call:
                static_cast<void>(endpoint.call(closure));
                break;
            case Way::call_with_timeout:
                static_cast<void>(endpoint.call(closure, hours{1}));
                break;
            case Way::get:
                static_cast<void>(endpoint.call_async(closure).get());
                break;
        }
    }
};
INSTANTIATE_TEST_SUITE_P(Way, RemoteCancel,
                         testing::Values(Way::call, Way::call_with_timeout, Way::get));

TEST_P(RemoteCancel, OfACallerBeforeItsClosureStartedLeavesNothingToRun) {  // [remote.cancel]
    Reactor reactor;
    const RemoteEndpoint endpoint{reactor};
    std::atomic<int> ran = 0;
    const auto alive = std::make_shared<int>(0);

    EXPECT_TRUE(is_cancelled_when_blocked([&] { wait_for(endpoint, [&ran, alive] { ++ran; }); }));

    if (GetParam() != Way::get) {
        EXPECT_EQ(alive.use_count(), 1) << "the closure is destroyed by its caller";
        poll(reactor);
        EXPECT_EQ(ran, 0);
    }
}

TEST_P(RemoteCancel, OfACallerWhoseClosureRunsWaitsForItsEnd) {  // [remote.cancel]
    if (GetParam() == Way::get) {
        return;  // its closure must not use the frame of the caller
    }
    Reactor reactor;
    const RemoteEndpoint endpoint{reactor};
    std::atomic<bool> has_started = false;
    std::atomic<bool> may_end = false;
    std::atomic<bool> has_ended = false;
    std::jthread runner{[&](const std::stop_token& token) { EXPECT_TRUE(reactor.run(token)); }};
    std::atomic<bool> is_ended_before_unwinding = false;
    struct Frame {
        std::atomic<bool>& seen;
        std::atomic<bool>& ended;
        ~Frame() { seen = ended.load(); }
    };

    EXPECT_TRUE(is_cancelled_when_blocked(
        [&] {
            const Frame frame{is_ended_before_unwinding, has_ended};
            wait_for(endpoint, [&] {
                has_started = true;
                while (!may_end) {
                    std::this_thread::yield();
                }
                has_ended = true;
            });
        },
        [&] { may_end = true; }, has_started));

    EXPECT_TRUE(is_ended_before_unwinding);
    runner.request_stop();
}

#endif

}  // namespace
}  // namespace eventp::support
