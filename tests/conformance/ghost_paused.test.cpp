// SPDX-License-Identifier: MIT
//
// A subscriber that pauses while a stale entry with its descriptor may exist.
#include <utility>

#include <gtest/gtest.h>

#include "support/kernel_set.hpp"

namespace eventp::support {
namespace {

class PausedOnAStaleDescriptor : public testing::Test {
protected:
    /// The first handler pauses its subscriber and then does this.
    void when_paused(Source::Action action) {
        watched.then = [action = std::move(action)](Source& self, ReactorOps& by) {
            self.then = {};
            EXPECT_TRUE(by.modify(self.name, nothing));
            action(self, by);
        };
        watched.add_to(reactor);
    }

    Reactor reactor;
    Ghost ghost{reactor, reading, free_number};
    OwnedFd file = make_eventfd_at(free_number, 1);
    Source watched{free_number};
};

TEST_F(PausedOnAStaleDescriptor, IsReportedAfterItResumed) {  // [modify.paused] [ghost.number]
    when_paused([](Source& self, ReactorOps& by) { EXPECT_TRUE(by.modify(self.name, reading)); });

    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(poll(reactor), 1U);

    EXPECT_EQ(watched.calls, 2);
    EXPECT_EQ(reactor.stats().rebuilds, 0U);
}

TEST_F(PausedOnAStaleDescriptor, IsNotReportedUntilItResumes) {  // [modify.paused] [ghost.number]
    when_paused([](Source&, ReactorOps&) {});

    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(poll(reactor), 0U);
    EXPECT_EQ(poll(reactor), 0U);
    EXPECT_TRUE(reactor.modify(watched.name, reading));

    EXPECT_EQ(poll(reactor), 1U);
}

TEST_F(PausedOnAStaleDescriptor, CannotBeRequeued) {  // [requeue] [modify.paused]
    when_paused([](Source& self, ReactorOps& by) { EXPECT_FALSE(by.requeue(self.name)); });

    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(poll(reactor), 0U);

    EXPECT_EQ(watched.calls, 1);
}

TEST_F(PausedOnAStaleDescriptor, KeepsItsMemoryWhenItIsRemoved) {  // [remove.self] [ghost.number]
    when_paused([](Source& self, ReactorOps& by) { EXPECT_TRUE(by.remove(self.name)); });

    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(watched.destroyed, 1);
    EXPECT_EQ(reactor.stats().quarantined, 2U);
    for (int turn = 0; turn < 3; ++turn) {
        EXPECT_EQ(poll(reactor), 0U);
    }
}

TEST(ClosedHeldNumber, FailsToModifyWithBadFileDescriptor) {  // [ghost.number]
    Reactor reactor;
    const Ghost ghost{reactor, reading, free_number};
    OwnedFd file = make_eventfd_at(free_number, 1);
    Source watched{free_number};
    watched.add_to(reactor);
    file.reset();

    for (const Interest interest : {Interest{}.write(), nothing}) {
        EXPECT_EQ(error_of(reactor.modify(watched.name, interest)), std::errc::bad_file_descriptor);
    }

    EXPECT_TRUE(reactor.contains(watched.name));
}

TEST(ClosedHeldNumber, FailsToModifyInAHandlerToo) {  // [ghost.number]
    Reactor reactor;
    const Ghost ghost{reactor, reading, free_number};
    OwnedFd file = make_eventfd_at(free_number, 1);
    Source watched{free_number, reading, [&](Source& self, ReactorOps& by) {
                       file.reset();
                       EXPECT_EQ(error_of(by.modify(self.name, Interest{}.write())),
                                 std::errc::bad_file_descriptor);
                   }};
    watched.add_to(reactor);

    EXPECT_EQ(poll(reactor), 1U);

    EXPECT_TRUE(reactor.remove(watched.name));
    EXPECT_EQ(watched.destroyed, 1);
}

}  // namespace
}  // namespace eventp::support
