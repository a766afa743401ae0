// SPDX-License-Identifier: MIT
//
// The epoll instance is replaced at the limit of open files, and while an outer loop watches it.
#include <deque>
#include <stop_token>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <sys/epoll.h>

#include "support/kernel_set.hpp"

namespace eventp::support {
namespace {

// --- no descriptor number left ------------------------------------------------------------------

TEST(RebuildAtTheLimit, OfOpenFilesUsesTheSpareInstance) {  // [ghost.rebuild]
    Reactor reactor;
    Source source;
    source.add_to(reactor);
    const Ghost first{reactor};
    const Ghost second{reactor};
    source.signal();
    const FileLimit limit;
    ASSERT_LT(::eventfd(0, 0), 0);

    first.signal();
    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(reactor.stats().rebuilds, 1U);
    EXPECT_EQ(reactor.stats().quarantined, 0U);
    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(source.calls, 3);
}

TEST(RebuildAtTheLimit, OfOpenFilesCanBeRepeated) {  // [ghost.rebuild]
    Reactor reactor;
    const OwnedFd file = make_eventfd();
    const OwnedFd kept = duplicate(file.fd());
    const OwnedFd other = make_eventfd();
    const FileLimit limit;

    for (unsigned time = 1; time <= 3; ++time) {
        Source watched{file.fd()};
        watched.add_to(reactor);
        // Replaced, not closed: that would leave a free number.
        ASSERT_EQ(::dup3(other.fd(), file.fd(), O_CLOEXEC), file.fd());

        EXPECT_TRUE(reactor.extract(watched.name));

        EXPECT_EQ(reactor.stats().rebuilds, time);
        EXPECT_LT(::eventfd(0, 0), 0) << "a number that a rebuild needs is free";
        ASSERT_EQ(::dup3(kept.fd(), file.fd(), O_CLOEXEC), file.fd());
    }
}

// --- embedded in another loop -------------------------------------------------------------------

/// A reactor that an outer set watches.
class RebuildEmbedded : public testing::Test {
protected:
    RebuildEmbedded() {
        const auto fd = reactor_.fd();
        EXPECT_TRUE(fd);
        number_ = fd.value_or(BorrowedFd{}).fd();
        epoll_event event{};
        event.events = EPOLLIN;
        EXPECT_EQ(::epoll_ctl(outer_.fd(), EPOLL_CTL_ADD, number_, &event), 0);
    }
    [[nodiscard]] bool is_told(int timeout_ms = 0) const {
        epoll_event event{};
        return ::epoll_wait(outer_.fd(), &event, 1, timeout_ms) == 1;
    }

    Reactor reactor_;
    OwnedFd outer_{::epoll_create1(EPOLL_CLOEXEC)};
    int number_ = -1;
};

TEST_F(RebuildEmbedded, WakesTheOuterLoopForWhatIsReadyAfterwards) {
    // [ghost.rebuild] [reactor.fd]
    Source source;
    source.add_to(reactor_);
    rebuild_now(reactor_);
    EXPECT_FALSE(is_told());

    source.signal();

    EXPECT_TRUE(is_told());
    EXPECT_EQ(poll(reactor_), 1U);
    source.drain();
    EXPECT_EQ(poll(reactor_), 0U);
    EXPECT_FALSE(is_told());
    EXPECT_EQ(reactor_.fd().value_or(BorrowedFd{}).fd(), number_);
}

TEST_F(RebuildEmbedded, WakesTheOuterLoopForWhatWasReadyBefore) {  // [ghost.rebuild] [reactor.fd]
    Source source;
    source.add_to(reactor_);
    source.signal();

    rebuild_now(reactor_);

    EXPECT_TRUE(is_told());
    EXPECT_EQ(poll(reactor_), 1U);
}

TEST_F(RebuildEmbedded, LetsTheOuterLoopSleepOnceTheGhostIsDiscarded) {
    // [ghost.rebuild] [reactor.fd]
    const Ghost ghost{reactor_};
    ghost.signal();

    int turns = 0;
    while (is_told() && turns < 10) {
        EXPECT_EQ(poll(reactor_), 0U);
        ++turns;
    }

    EXPECT_LE(turns, 3);
    EXPECT_EQ(reactor_.stats().rebuilds, 1U);
}

TEST_F(RebuildEmbedded, LetsTheWakeUpReachTheOuterLoop) {  // [ghost.rebuild] [reactor.fd]
    rebuild_now(reactor_);
    EXPECT_EQ(poll(reactor_), 0U);
    const RemoteEndpoint endpoint{reactor_};
    bool ran = false;

    EXPECT_TRUE(endpoint.post([&ran](ReactorOps&) { ran = true; }));

    EXPECT_TRUE(is_told(20'000));
    static_cast<void>(poll(reactor_));
    EXPECT_TRUE(ran);
}

}  // namespace
}  // namespace eventp::support
