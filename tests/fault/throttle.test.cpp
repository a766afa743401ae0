// SPDX-License-Identifier: MIT
//
// A stale entry that stays ready while the kernel refuses to replace the epoll instance must not
// make the loop spin. Linked with --wrap, so that the calls are counted and no time passes.
#include <cerrno>
#include <chrono>
#include <vector>

#include <gtest/gtest.h>

#include <poll.h>
#include <sys/epoll.h>

#include "support/kernel_set.hpp"

namespace {

bool refuses_instances = false;
bool counts_polls = false;
std::vector<int> pauses;  // timeouts of poll(2), in milliseconds

}  // namespace

extern "C" {
// NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming): the linker's names
int __real_epoll_create1(int flags);
int __wrap_epoll_create1(int flags) {
    if (refuses_instances) {
        errno = EMFILE;
        return -1;
    }
    return __real_epoll_create1(flags);
}
int __real_poll(pollfd* entries, nfds_t count, int timeout);
int __wrap_poll(pollfd* entries, nfds_t count, int timeout) {
    if (counts_polls) {
        pauses.push_back(timeout);
        timeout = 0;
    }
    return __real_poll(entries, count, timeout);
}
// NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming)
}

namespace eventp::support {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// A reactor without a spare epoll instance, and a stale entry that is always ready.
class Throttle : public testing::Test {
protected:
    Throttle() {
        refuses_instances = true;
        rebuild_now(reactor);  // uses the spare one
        stale.emplace(reactor);
        stale->signal();
        for (int turn = 0; turn < 3; ++turn) {
            EXPECT_EQ(poll(reactor), 0U);
        }
        EXPECT_EQ(reactor.stats().rebuilds, 1U);
        counts_polls = true;
    }
    ~Throttle() override {
        counts_polls = false;
        refuses_instances = false;
        pauses.clear();
    }

    Reactor reactor;
    std::optional<Ghost> stale;
};

TEST_F(Throttle, PausesForATenthOfASecondBeforeEachTurnOfStaleEventsOnly) {  // [ghost.throttle]
    for (int turn = 0; turn < 5; ++turn) {
        EXPECT_EQ(reactor.run_once(), 0U);
    }
    EXPECT_EQ(pauses, (std::vector{100, 100, 100, 100, 100}));
}

TEST_F(Throttle, DoesNotWaitLongerThanTheTimeout) {  // [ghost.throttle] [run.timeout]
    EXPECT_EQ(reactor.run_once(milliseconds{7}), 0U);
    EXPECT_EQ(poll(reactor), 0U);

    EXPECT_EQ(pauses, (std::vector{7}));
}

TEST_F(Throttle, DoesNotPauseOverAPostedClosure) {  // [ghost.throttle] [remote.post]
    const RemoteEndpoint endpoint{reactor};
    int ran = 0;
    for (int turn = 0; turn < 3; ++turn) {
        ASSERT_TRUE(endpoint.post([&] { ++ran; }));
        EXPECT_EQ(reactor.run_once(), 0U);
    }
    EXPECT_EQ(ran, 3);
    EXPECT_TRUE(pauses.empty());
}

TEST_F(Throttle, DoesNotPauseAfterATurnThatCalledAHandler) {  // [ghost.throttle]
    Source source;
    source.add_to(reactor);
    source.signal();
    EXPECT_EQ(reactor.run_once(), 1U);
    pauses.clear();

    EXPECT_EQ(reactor.run_once(), 1U);

    EXPECT_TRUE(pauses.empty());
}

TEST_F(Throttle, EndsWhenTheKernelAllowsAnotherInstance) {  // [ghost.throttle] [ghost.rebuild]
    refuses_instances = false;
    for (int turn = 0; turn < 20 && reactor.stats().rebuilds == 1; ++turn) {
        EXPECT_EQ(reactor.run_once(), 0U);
    }
    EXPECT_EQ(reactor.stats().rebuilds, 2U);
    pauses.clear();

    EXPECT_EQ(reactor.run_once(milliseconds{1}), 0U);
    EXPECT_TRUE(pauses.empty());
}

TEST_F(Throttle, EndsWhenTheStaleEntryIsNoLongerReady) {  // [ghost.throttle]
    stale->die();
    EXPECT_EQ(reactor.run_once(milliseconds{1}), 0U);
    pauses.clear();

    EXPECT_EQ(reactor.run_once(milliseconds{1}), 0U);

    EXPECT_TRUE(pauses.empty());
}

}  // namespace
}  // namespace eventp::support
