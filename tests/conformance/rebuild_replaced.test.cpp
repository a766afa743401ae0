// SPDX-License-Identifier: MIT
//
// Registered descriptors that refer to an epoll instance when the reactor replaces its own: one of
// the user, or one of the reactor.
#include <gtest/gtest.h>

#include <sys/epoll.h>

#include "support/kernel_set.hpp"

namespace eventp::support {
namespace {

TEST(ReplacedByASet, AnExclusiveDescriptorDoesNotBlockRebuilds) {  // [ghost.rebuild]
    Reactor reactor;
    const OwnedFd file = make_eventfd_at(free_number);
    Source replaced{free_number, reading_exclusively};
    replaced.add_to(reactor);
    const OwnedFd set{::epoll_create1(EPOLL_CLOEXEC)};
    ASSERT_EQ(::dup3(set.fd(), free_number, O_CLOEXEC),
              free_number);  // Kernel: no exclusive entry of a set
    const Ghost ghost{reactor};
    ghost.signal();

    EXPECT_LE(turns_until_rebuilt(reactor, 3), 3);

    EXPECT_EQ(reactor.stats().quarantined, 0U);
    const auto before = reactor.stats().stale_events;
    EXPECT_EQ(poll(reactor), 0U);
    EXPECT_EQ(reactor.stats().stale_events, before);
}

TEST(ReplacedByASet, AnExclusiveDescriptorCountsAsDetached) {  // [ghost.rebuild]
    Reactor reactor;
    const OwnedFd file = make_eventfd_at(free_number);
    Source replaced{free_number, reading_exclusively};
    replaced.add_to(reactor);
    const OwnedFd set{::epoll_create1(EPOLL_CLOEXEC)};
    ASSERT_EQ(::dup3(set.fd(), free_number, O_CLOEXEC), free_number);

    rebuild_now(reactor);

    EXPECT_EQ(reactor.stats().descriptors_detached, 2U) << "and the one that rebuild_now() closes";
    EXPECT_TRUE(reactor.contains(replaced.name));
    EXPECT_TRUE(reactor.remove(replaced.name));
    EXPECT_EQ(replaced.destroyed, 1);
    EXPECT_EQ(reactor.stats().quarantined, 0U);
}

/// Makes fd() return the number of a registered descriptor that was closed.
struct PollableUnderAReusedDescriptor {
    explicit PollableUnderAReusedDescriptor(Reactor& reactor) {
        watched.add_to(reactor);
        file.reset();
        outside = reactor.fd().value_or(BorrowedFd{}).fd();
        EXPECT_EQ(outside, watched.number) << "this test wants the lowest free number";
    }

    OwnedFd file = make_eventfd();
    OwnedFd kept = duplicate(file.fd());
    Source watched{file.fd()};
    int outside = -1;
};

TEST(PollableUnderAReusedDescriptor,
     IsReadableForWhatIsReadyAfterARebuild) {  // [reactor.fd] [ghost.rebuild]
    Reactor reactor;
    Source source{reading, [](Source& self, ReactorOps&) { self.drain(); }};
    source.add_to(reactor);
    const PollableUnderAReusedDescriptor scene{reactor};

    rebuild_now(reactor);
    static_cast<void>(poll(reactor));
    EXPECT_FALSE(is_readable(scene.outside));
    source.signal();

    EXPECT_TRUE(is_readable(scene.outside));
    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_FALSE(is_readable(scene.outside));
}

TEST(PollableUnderAReusedDescriptor, IsNotWatchedForItsPredecessor) {
    // [reactor.fd] [ghost.rebuild]
    Reactor reactor;
    const PollableUnderAReusedDescriptor scene{reactor};

    rebuild_now(reactor);

    EXPECT_EQ(reactor.stats().descriptors_detached, 2U) << "and the one that rebuild_now() closes";
    EXPECT_EQ(entries_held(), 0U);
    EXPECT_TRUE(reactor.remove(scene.watched.name));
    EXPECT_TRUE(is_open(scene.outside));
}

}  // namespace
}  // namespace eventp::support
