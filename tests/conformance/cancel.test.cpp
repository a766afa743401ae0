// SPDX-License-Identifier: MIT
//
// A thread that is cancelled inside a handler, or in a wait, unwinds through the reactor as through
// an exception.
#include <atomic>

#include <gtest/gtest.h>

#include <pthread.h>
#include <unistd.h>

#include "support/source.hpp"
#include "support/threads.hpp"

#if defined(__SANITIZE_ADDRESS__)
#define EVENTP_TEST_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define EVENTP_TEST_ASAN 1
#endif
#endif

// AddressSanitizer takes the unwinding of a cancelled thread for a stack of its own and aborts.
#if defined(__cpp_exceptions) && !defined(EVENTP_TEST_ASAN)

namespace eventp::support {
namespace {

/// Runs one turn in a thread of its own; true when that thread was cancelled in it.
bool turn_is_cancelled(Reactor& reactor) {
    pthread_t thread{};
    const auto run = [](void* argument) -> void* {
        static_cast<void>(static_cast<Reactor*>(argument)->run_once());
        return argument;
    };
    EXPECT_EQ(::pthread_create(&thread, nullptr, run, &reactor), 0);
    void* result = nullptr;
    EXPECT_EQ(::pthread_join(thread, &result), 0);
    return result == PTHREAD_CANCELED;
}

TEST(ReactorDispatch, KeepsTheRestOfTheBatchWhenTheThreadIsCancelledInAHandler) {
    // [dispatch.throws]
    Reactor reactor;
    const Crowd crowd{reactor, 4, reading_edges,
                      [](std::size_t position, Source& self, ReactorOps& by) {
                          if (position == 1) {
                              EXPECT_TRUE(by.remove(self.name));
                              ::pthread_cancel(::pthread_self());
                              ::pthread_testcancel();
                          }
                      }};
    crowd.signal_all();

    EXPECT_TRUE(turn_is_cancelled(reactor));

    EXPECT_EQ(crowd.order.size(), 2U);
    EXPECT_EQ(crowd.order[1]->destroyed, 1);
    EXPECT_EQ(poll(reactor), 2U);
    EXPECT_EQ(reactor.stats().registered, 3U);
    EXPECT_TRUE(reactor.remove(crowd.order[0]->name));
    EXPECT_EQ(crowd.order[0]->destroyed, 1);
}

/// A thread that runs one turn without a timeout, and records what it does.
class EndlessTurn {
public:
    explicit EndlessTurn(Reactor& reactor) : reactor_{reactor} {
        const auto run = [](void* argument) -> void* {
            auto& self = *static_cast<EndlessTurn*>(argument);
            self.thread_.store(::gettid());
            self.thread_.notify_all();
            static_cast<void>(self.reactor_.run_once());
            return argument;
        };
        EXPECT_EQ(::pthread_create(&handle_, nullptr, run, this), 0);
    }
    EndlessTurn(const EndlessTurn&) = delete;
    EndlessTurn& operator=(const EndlessTurn&) = delete;
    ~EndlessTurn() = default;

    void wait_until_it_waits() const {
        thread_.wait(0);
        wait_until_blocked(thread_.load());
    }
    /// Cancels it; true when that ended it.
    [[nodiscard]] bool cancel() const {
        EXPECT_EQ(::pthread_cancel(handle_), 0);
        void* result = nullptr;
        EXPECT_EQ(::pthread_join(handle_, &result), 0);
        return result == PTHREAD_CANCELED;
    }

private:
    Reactor& reactor_;
    std::atomic<pid_t> thread_{0};
    pthread_t handle_{};
};

TEST(ReactorDispatch, StaysUsableWhenTheThreadIsCancelledWhileItWaits) {  // [dispatch.throws]
    Reactor reactor;
    Source source;
    source.add_to(reactor);
    const EndlessTurn turn{reactor};
    turn.wait_until_it_waits();

    EXPECT_TRUE(turn.cancel());

    source.signal();
    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_TRUE(reactor.remove(source));
    EXPECT_EQ(source.destroyed, 1);
}

TEST(ReactorDispatch, IsReachedByPostsWhenTheThreadIsCancelledWhileItWaits) {
    // [dispatch.throws] [remote.post]
    Reactor reactor;
    const RemoteEndpoint endpoint{reactor};
    const EndlessTurn turn{reactor};
    turn.wait_until_it_waits();

    EXPECT_TRUE(turn.cancel());

    bool ran = false;
    EXPECT_TRUE(endpoint.post([&](ReactorOps& by) {
        ran = true;
        by.stop();
    }));
    EXPECT_TRUE(reactor.run());
    EXPECT_TRUE(ran);
}

}  // namespace
}  // namespace eventp::support

#endif
