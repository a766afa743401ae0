// SPDX-License-Identifier: MIT
//
// Linked with --wrap, so that the wake-ups can be counted.
#include <functional>
#include <utility>

#include <gtest/gtest.h>

#include <sys/epoll.h>
#include <sys/syscall.h>

#include <eventp/eventp.hpp>

#include "fault/wrapped_syscall.hpp"
#include "support/source.hpp"

namespace {

std::function<void()> when_it_blocks;  // the reactor, in epoll_wait()

}  // namespace

extern "C" {
// NOLINTBEGIN(bugprone-reserved-identifier, readability-identifier-naming): names the linker makes.
int __real_epoll_wait(int set, epoll_event* events, int capacity, int timeout);
int __wrap_epoll_wait(int set, epoll_event* events, int capacity, int timeout) {
    if (timeout < 0 && when_it_blocks) {
        when_it_blocks();
    }
    return __real_epoll_wait(set, events, capacity, timeout);
}
// NOLINTEND(bugprone-reserved-identifier, readability-identifier-naming)
}

namespace eventp {
namespace {

/// A reactor, and a thousand closures that count themselves.
class RemoteWakeups : public ::testing::Test {
protected:
    ~RemoteWakeups() override { when_it_blocks = nullptr; }

    void post_a_thousand() {
        for (int i = 0; i < 1000; ++i) {
            ASSERT_TRUE(endpoint.post([this] { ++runs; }));
        }
    }
    void run_them_all() {
        for (int turn = 0; turn < 1000 && runs < 1000; ++turn) {
            support::poll(reactor);
        }
        EXPECT_EQ(runs, 1000);
    }

    /// Since the last call of this. The library writes to nothing but eventfds.
    int writes() {
        const int now = support::calls_of(SYS_write);
        return now - std::exchange(writes_before_, now);
    }

    Reactor reactor;
    RemoteEndpoint endpoint{reactor};
    int runs = 0;

private:
    int writes_before_ = support::calls_of(SYS_write);
};

TEST_F(RemoteWakeups, AreOneForEachSleepHoweverManyClosuresArePosted) {  // [remote.coalesce]
    when_it_blocks = [this] { post_a_thousand(); };

    EXPECT_EQ(reactor.run_once(), 0U);  // a closure is no handler

    EXPECT_GT(runs, 0);
    EXPECT_EQ(writes(), 1);
    when_it_blocks = nullptr;
    run_them_all();
    EXPECT_EQ(writes(), 0);
}

TEST_F(RemoteWakeups, AreOneForEachSleep) {  // [remote.coalesce]
    for (int sleep = 1; sleep <= 3; ++sleep) {
        when_it_blocks = [this] { ASSERT_TRUE(endpoint.post([] {})); };

        EXPECT_EQ(reactor.run_once(), 0U);

        EXPECT_EQ(writes(), 1) << sleep;
    }
}

TEST_F(RemoteWakeups, AreOneForAReactorThatSleepsInAnotherLoop) {  // [remote.coalesce]
    ASSERT_TRUE(reactor.fd());
    support::poll(reactor);
    static_cast<void>(writes());

    post_a_thousand();

    EXPECT_EQ(writes(), 1);
}

TEST_F(RemoteWakeups, AreNoneForAClosureThatPosts) {  // [remote.coalesce]
    ASSERT_TRUE(endpoint.post([this] { post_a_thousand(); }));

    run_them_all();

    EXPECT_EQ(writes(), 0);
}

TEST_F(RemoteWakeups, AreNoneForAHandlerThatPostsAfterTheReactorHasSlept) {  // [remote.coalesce]
    support::Source source{support::reading_once,
                           [this](support::Source&, ReactorOps&) { post_a_thousand(); }};
    source.add_to(reactor);
    source.signal();

    EXPECT_EQ(reactor.run_once(), 1U);

    run_them_all();
    EXPECT_EQ(writes(), 0);
}

}  // namespace
}  // namespace eventp
