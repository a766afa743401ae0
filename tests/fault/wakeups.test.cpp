// SPDX-License-Identifier: MIT
//
// Linked with --wrap, so that the wake-ups can be counted.
#include <functional>

#include <gtest/gtest.h>

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <eventp/eventp.hpp>

#include "support/source.hpp"

namespace {

int writes = 0;                        // of an eventfd
std::function<void()> when_it_blocks;  // the reactor, in epoll_wait()

}  // namespace

extern "C" {
// NOLINTBEGIN(bugprone-reserved-identifier, readability-identifier-naming): names the linker makes.
int __real_eventfd_write(int fd, eventfd_t value);
int __wrap_eventfd_write(int fd, eventfd_t value) {
    ++writes;
    return __real_eventfd_write(fd, value);
}
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
    RemoteWakeups() { writes = 0; }
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

    Reactor reactor;
    RemoteEndpoint endpoint{reactor};
    int runs = 0;
};

TEST_F(RemoteWakeups, AreOneForASleepHoweverMuchIsPosted) {  // [remote.coalesce]
    when_it_blocks = [this] { post_a_thousand(); };

    EXPECT_EQ(reactor.run_once(), 0U);  // a closure is no handler

    EXPECT_GT(runs, 0);
    EXPECT_EQ(writes, 1);
    when_it_blocks = nullptr;
    run_them_all();
    EXPECT_EQ(writes, 1);
}

TEST_F(RemoteWakeups, AreOneForEachSleep) {  // [remote.coalesce]
    for (int sleep = 1; sleep <= 3; ++sleep) {
        when_it_blocks = [this] { ASSERT_TRUE(endpoint.post([] {})); };

        EXPECT_EQ(reactor.run_once(), 0U);

        EXPECT_EQ(writes, sleep);
    }
}

TEST_F(RemoteWakeups, AreOneForAReactorThatSleepsInAnotherLoop) {  // [remote.coalesce]
    ASSERT_TRUE(reactor.fd());
    support::poll(reactor);
    writes = 0;

    post_a_thousand();

    EXPECT_EQ(writes, 1);
}

TEST_F(RemoteWakeups, AreNoneForAClosureThatPosts) {  // [remote.coalesce]
    ASSERT_TRUE(endpoint.post([this] { post_a_thousand(); }));

    run_them_all();

    EXPECT_EQ(writes, 0);
}

TEST_F(RemoteWakeups, AreNoneForAHandlerThatPostsThoughTheReactorHasSlept) {  // [remote.coalesce]
    support::Source source{support::reading_once,
                           [this](support::Source&, ReactorOps&) { post_a_thousand(); }};
    source.add_to(reactor);
    source.signal();
    writes = 0;  // what signal() did

    EXPECT_EQ(reactor.run_once(), 1U);

    run_them_all();
    EXPECT_EQ(writes, 0);
}

}  // namespace
}  // namespace eventp
