// SPDX-License-Identifier: MIT
//
// Descriptors that the user closes before removal while a duplicate keeps their file open: the
// kernel continues to report entries that EPOLL_CTL_DEL cannot remove.
#include <array>
#include <cstring>

#include <gtest/gtest.h>

#include <sys/socket.h>

#include "support/kernel_set.hpp"

namespace eventp::support {
namespace {

TEST(Ghost, OfAFileWithoutADuplicateIsRemovedByTheKernelAtOnce) {  // [ghost.dup] [remove.always]
    Reactor reactor;
    OwnedFd file = make_eventfd(1);
    Source watched{file.fd()};
    watched.add_to(reactor);

    file.reset();

    EXPECT_EQ(entries_held(), 0U);
    EXPECT_EQ(poll(reactor), 0U);
    EXPECT_TRUE(reactor.remove(watched.name));
    EXPECT_EQ(watched.destroyed, 1);
    EXPECT_EQ(watched.calls, 0);
}

TEST(Ghost, IsStillCalledUntilItIsRemoved) {  // [ghost.dup]
    Reactor reactor;
    OwnedFd file = make_eventfd(1);
    const OwnedFd kept = duplicate(file.fd());
    Source watched{file.fd()};
    watched.add_to(reactor);

    file.reset();

    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(watched.calls, 2);
    EXPECT_EQ(reactor.stats().stale_events, 0U);
}

TEST(Ghost, IsNeverCalledOnceItIsRemovedWhileADuplicateLives) {  // [ghost.dup] [remove.always]
    Reactor reactor;
    const Ghost ghost{reactor};
    EXPECT_EQ(ghost.watched.destroyed, 1);
    EXPECT_EQ(entries_held(), 1U);

    ghost.signal();
    for (int turn = 0; turn < 5; ++turn) {
        EXPECT_EQ(poll(reactor), 0U);
    }

    EXPECT_EQ(ghost.watched.calls, 0);
    EXPECT_EQ(ghost.watched.destroyed, 1);
}

TEST(Ghost, OfLevelTriggeredReadinessSpinsForAtMostTwoTurns) {  // [ghost.dup] [ghost.rebuild]
    Reactor reactor;
    const Ghost ghost{reactor};
    ghost.signal();

    EXPECT_EQ(turns_until_rebuilt(reactor, 2), 2);

    EXPECT_EQ(entries_held(), 0U);
    EXPECT_EQ(reactor.stats().stale_events, 2U);
    EXPECT_EQ(reactor.stats().quarantined, 0U);
    const auto events = reactor.stats().events_reported;
    EXPECT_EQ(poll(reactor), 0U);
    EXPECT_EQ(reactor.stats().events_reported, events) << "it spins still";
}

TEST(Ghost, CountsAsQuarantinedAndItsEventsAsStale) {  // [ghost.dup]
    Reactor reactor;
    const Ghost ghost{reactor};
    EXPECT_EQ(reactor.stats().quarantined, 1U);
    EXPECT_EQ(reactor.stats().registered, 0U);
    ghost.signal();

    EXPECT_EQ(poll(reactor), 0U);

    EXPECT_EQ(reactor.stats().stale_events, 1U);
    EXPECT_EQ(reactor.stats().handlers_called, 0U);
    EXPECT_EQ(reactor.stats().events_dropped, 0U);
}

TEST(Ghost, EndsWithTheLastDuplicate) {  // [ghost.dup]
    Reactor reactor;
    Ghost ghost{reactor};
    ghost.signal();
    EXPECT_EQ(poll(reactor), 0U);

    ghost.die();

    const auto events = reactor.stats().events_reported;
    EXPECT_EQ(poll(reactor), 0U);
    EXPECT_EQ(reactor.stats().events_reported, events);
    EXPECT_EQ(reactor.stats().stale_events, 1U);
}

TEST(Ghost, ThatWasOneShotIsReportedOnce) {  // [ghost.dup]
    Reactor reactor;
    const Ghost ghost{reactor, reading_once};
    ghost.signal();

    for (int turn = 0; turn < 4; ++turn) {
        EXPECT_EQ(poll(reactor), 0U);
    }

    EXPECT_EQ(reactor.stats().stale_events, 1U);
    EXPECT_EQ(ghost.watched.calls, 0);
}

TEST(Ghost, ThatWasEdgeTriggeredIsReportedOnceForEachEdge) {  // [ghost.dup]
    Reactor reactor;
    const Ghost ghost{reactor, reading_edges};
    ghost.signal();
    EXPECT_EQ(poll(reactor), 0U);
    EXPECT_EQ(poll(reactor), 0U);
    EXPECT_EQ(reactor.stats().stale_events, 1U);

    ghost.signal();
    EXPECT_EQ(poll(reactor), 0U);

    EXPECT_EQ(reactor.stats().stale_events, 2U);
    EXPECT_EQ(ghost.watched.calls, 0);
}

TEST(Ghost, OfAPausedSubscriberDoesNotExist) {  // [ghost.dup] [modify.paused]
    Reactor reactor;
    OwnedFd file = make_eventfd(1);
    const OwnedFd kept = duplicate(file.fd());
    Source watched{file.fd()};
    watched.add_to(reactor);
    EXPECT_TRUE(reactor.modify(watched.name, nothing));

    file.reset();
    EXPECT_TRUE(reactor.remove(watched.name));

    EXPECT_EQ(entries_held(), 0U);
    EXPECT_EQ(reactor.stats().quarantined, 0U);
    EXPECT_EQ(poll(reactor), 0U);
}

TEST(Ghost, ThatWasClosedAndRemovedByItsOwnHandlerIsNotCalledAgain) {  // [ghost.dup] [remove.self]
    Reactor reactor;
    OwnedFd file = make_eventfd(1);
    const OwnedFd kept = duplicate(file.fd());
    Source watched{file.fd(), reading, [&](Source& self, ReactorOps& by) {
                       file.reset();
                       EXPECT_TRUE(by.remove(self.name));
                   }};
    watched.add_to(reactor);

    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(watched.destroyed, 1);
    EXPECT_EQ(turns_until_rebuilt(reactor, 2), 2);

    EXPECT_EQ(watched.calls, 1);
}

TEST(Ghost, ThatWasRemovedInABatchThatHoldsItsEventIsSkipped) {  // [ghost.dup] [remove.pending]
    Reactor reactor;
    OwnedFd first = make_eventfd(1);
    OwnedFd second = make_eventfd(1);
    const OwnedFd kept_first = duplicate(first.fd());
    const OwnedFd kept_second = duplicate(second.fd());
    Source one{first.fd()};
    Source two{second.fd()};
    const auto close_and_remove = [&](Source& self, ReactorOps& by) {
        OwnedFd& other_file = &self == &one ? second : first;
        other_file.reset();
        EXPECT_TRUE(by.remove_now(&self == &one ? two.name : one.name));
    };
    one.then = two.then = close_and_remove;
    one.add_to(reactor);
    two.add_to(reactor);

    EXPECT_EQ(poll(reactor), 1U);

    EXPECT_EQ(one.calls + two.calls, 1);
    EXPECT_EQ(one.destroyed + two.destroyed, 1);
    EXPECT_EQ(reactor.stats().events_dropped, 1U);
    EXPECT_EQ(reactor.stats().quarantined, 1U);
}

TEST(Ghost, IsKeptByAFileThatIsInFlightInAMessage) {  // [ghost.dup]
    Reactor reactor;
    SocketPair sockets;
    OwnedFd file = make_eventfd(1);
    Source watched{file.fd()};
    watched.add_to(reactor);
    char byte = 'x';
    iovec data{.iov_base = &byte, .iov_len = 1};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> room{};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = room.data();
    message.msg_controllen = room.size();
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    const int number = file.fd();
    std::memcpy(CMSG_DATA(header), &number, sizeof(int));
    ASSERT_EQ(::sendmsg(sockets.near.fd(), &message, 0), 1);

    file.reset();
    EXPECT_EQ(poll(reactor), 1U);  // not removed yet
    EXPECT_TRUE(reactor.remove(watched.name));

    EXPECT_EQ(turns_until_rebuilt(reactor, 2), 2);
    EXPECT_EQ(watched.calls, 1);
    EXPECT_EQ(watched.destroyed, 1);
    EXPECT_EQ(entries_held(), 0U);
}

TEST(Ghost, DoesNotStarveOthers) {  // [ghost.dup]
    Reactor reactor;
    const Ghost ghost{reactor};
    Source other;
    other.add_to(reactor);
    ghost.signal();
    other.signal();

    for (int turn = 1; turn <= 4; ++turn) {
        EXPECT_EQ(poll(reactor), 1U);
        EXPECT_EQ(other.calls, turn);
    }
}

TEST(Ghost, FreesItsMemoryWithTheReactor) {  // [ghost.dup] [reactor.destroy]
    const OwnedFd kept = [] {
        Reactor reactor;
        const Ghost ghost{reactor};
        ghost.signal();
        EXPECT_EQ(poll(reactor), 0U);
        EXPECT_EQ(reactor.stats().quarantined, 1U);
        return duplicate(ghost.file().fd());
    }();
    EXPECT_TRUE(kept);  // the sanitizer finds a leak
}

}  // namespace
}  // namespace eventp::support
