// SPDX-License-Identifier: MIT
//
// Descriptors that are reused while the kernel holds entries of their former files.
#include <gtest/gtest.h>

#include "support/kernel_set.hpp"

namespace eventp::support {
namespace {

TEST(ReusedNumber, WithoutADuplicateHasOneEntryForTheNewSubscriber) {  // [ghost.reuse]
    Reactor reactor;
    OwnedFd file = make_eventfd_at(free_number);
    Source first{free_number};
    first.add_to(reactor);
    file.reset();
    EXPECT_TRUE(reactor.remove(first.name));

    const OwnedFd next = make_eventfd_at(free_number, 1);
    Source second{free_number};
    second.add_to(reactor);

    EXPECT_EQ(entries_held(), 1U);
    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(first.calls, 0);
    EXPECT_EQ(second.calls, 1);
}

TEST(ReusedNumber, IsRefusedWhileItIsRegistered) {  // [ghost.reuse] [add.strong]
    Reactor reactor;
    OwnedFd file = make_eventfd_at(free_number);
    Source first{free_number};
    first.add_to(reactor);
    file.reset();
    const OwnedFd next = make_eventfd_at(free_number, 1);
    Source second{free_number};

    AnySubscriber error = second.make();
    EXPECT_EQ(error_of(reactor.add(error)), std::errc::file_exists);

    EXPECT_TRUE(error);
    EXPECT_TRUE(reactor.remove(first.name));
    EXPECT_TRUE(reactor.add(error));
    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(second.calls, 1);
}

TEST(ReusedNumber, BelongsToTheNewSubscriberAloneWhileTheGhostFires) {  // [ghost.reuse] [ghost.dup]
    Reactor reactor;
    const Ghost ghost{reactor, reading, free_number};
    const OwnedFd next = make_eventfd_at(free_number);
    Source newcomer{free_number};
    newcomer.add_to(reactor);
    EXPECT_EQ(entries_held_under(free_number), 2);

    ghost.signal();
    EXPECT_EQ(poll(reactor), 0U);
    EXPECT_EQ(newcomer.calls, 0) << "the event of its predecessor";
    signal(next);
    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(newcomer.calls, 1);

    EXPECT_EQ(reactor.stats().rebuilds, 1U);
    EXPECT_EQ(entries_held_under(free_number), 1);
    EXPECT_EQ(poll(reactor), 1U);
}

TEST(ReusedNumber, SurvivesTheRemovalOfItsNewSubscriber) {  // [ghost.reuse] [ghost.number]
    Reactor reactor;
    const Ghost ghost{reactor, reading, free_number};
    const OwnedFd next = make_eventfd_at(free_number, 1);
    Source newcomer{free_number};
    newcomer.add_to(reactor);

    EXPECT_TRUE(reactor.remove(newcomer.name));

    EXPECT_EQ(newcomer.destroyed, 1);
    EXPECT_EQ(reactor.stats().quarantined, 2U) << "DEL answered 0, but perhaps for the ghost's";
    ghost.signal();
    EXPECT_LE(turns_until_rebuilt(reactor, 2), 2);
    EXPECT_EQ(newcomer.calls, 0);
}

TEST(ReplacedNumber, ReportsItsFormerFileUntilItIsRemoved) {  // [ghost.reuse]
    Reactor reactor;
    const OwnedFd file = make_eventfd_at(free_number, 1);
    const OwnedFd kept = duplicate(free_number);
    Source first{free_number};
    first.add_to(reactor);
    const OwnedFd other = make_eventfd(1);
    ASSERT_EQ(::dup3(other.fd(), free_number, O_CLOEXEC), free_number);

    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_TRUE(reactor.remove(first.name));
    Source second{free_number};
    second.add_to(reactor);
    EXPECT_EQ(entries_held_under(free_number), 2);

    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(first.calls, 1);
    EXPECT_EQ(second.calls, 2);
    EXPECT_EQ(reactor.stats().rebuilds, 1U);
}

TEST(SameFile, UnderTwoNumbersHasTwoSubscribers) {  // [ghost.reuse]
    Reactor reactor;
    const OwnedFd file = make_eventfd(1);
    const OwnedFd same = duplicate(file.fd());
    Source one{file.fd()};
    Source two{same.fd()};
    one.add_to(reactor);
    two.add_to(reactor);
    EXPECT_EQ(poll(reactor), 2U);

    EXPECT_TRUE(reactor.remove(one.name));

    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(one.calls, 1);
    EXPECT_EQ(two.calls, 2);
    EXPECT_EQ(reactor.stats().quarantined, 0U);
}

// --- DEL and MOD that succeed on the entry of another subscriber --------------------------------

/// The descriptor refers to the ghost's file again, and a duplicate keeps that of the newcomer
/// open.
struct SwappedBack {
    explicit SwappedBack(Reactor& reactor)
        : ghost{reactor, reading, free_number}, newcomer{free_number} {
        OwnedFd file = make_eventfd_at(free_number);
        newcomer.add_to(reactor);
        newcomers_file = duplicate(free_number);
        EXPECT_EQ(::dup3(ghost.file().fd(), file.fd(), O_CLOEXEC), free_number);
        swapped = std::move(file);
    }
    Ghost ghost;
    Source newcomer;
    OwnedFd newcomers_file;
    OwnedFd swapped;
};

TEST(SwappedNumber, KeepsTheMemoryOfASubscriberWhoseRemovalDeletedAnotherEntry) {
    // [ghost.number] [remove.always]
    Reactor reactor;
    const SwappedBack scene{reactor};

    EXPECT_TRUE(reactor.remove(scene.newcomer.name));
    ASSERT_EQ(entries_held(), 1U);
    EXPECT_EQ(entries_of(working_set()).back().data, scene.newcomer.address)
        << "this test wants DEL to delete the ghost's entry";
    signal(scene.newcomers_file);

    EXPECT_EQ(poll(reactor), 0U);
    EXPECT_EQ(poll(reactor), 0U);
    EXPECT_EQ(scene.newcomer.calls, 0);
    EXPECT_EQ(scene.newcomer.destroyed, 1);
    EXPECT_EQ(reactor.stats().stale_events, 2U);
    EXPECT_EQ(reactor.stats().rebuilds, 1U);
    EXPECT_EQ(entries_held(), 0U);
}

TEST(SwappedNumber, IsModifiedForTheFileThatTheDescriptorRefersTo) {  // [ghost.number]
    Reactor reactor;
    const SwappedBack scene{reactor};

    EXPECT_TRUE(reactor.modify(scene.newcomer.name, reading_edges));

    EXPECT_EQ(reactor.stats().rebuilds, 0U);
    scene.ghost.signal();
    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(scene.newcomer.calls, 1);
    EXPECT_EQ(scene.ghost.watched.calls, 0);
    EXPECT_TRUE(reactor.remove(scene.newcomer.name));
    signal(scene.newcomers_file);
    EXPECT_EQ(poll(reactor), 0U);
    EXPECT_EQ(scene.newcomer.calls, 1);
}

TEST(SwappedNumber, IsNotReportedWhilePausedAndItsStaleEntryIsRemoved) {
    // [ghost.number] [modify.paused]
    Reactor reactor;
    const SwappedBack scene{reactor};

    EXPECT_TRUE(reactor.modify(scene.newcomer.name, nothing));

    signal(scene.newcomers_file);
    EXPECT_LE(turns_until_rebuilt(reactor, 2), 2);
    EXPECT_EQ(entries_held(), 0U);
    EXPECT_EQ(scene.newcomer.calls, 0);
    EXPECT_TRUE(reactor.contains(scene.newcomer.name));
}

// --- a number that the quarantine holds ---------------------------------------------------------

TEST(StaleDescriptor, IsModifiedWithoutARebuild) {  // [ghost.number]
    Reactor reactor;
    const Ghost ghost{reactor, reading, free_number};
    const OwnedFd file = make_eventfd_at(free_number);
    Source newcomer{free_number};
    newcomer.add_to(reactor);

    EXPECT_TRUE(reactor.modify(newcomer.name, Interest{}.write()));

    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(reactor.stats().rebuilds, 0U) << "the cost of modify() must not grow";
    EXPECT_TRUE(newcomer.event.is_writable());
}

TEST(StaleDescriptor, IsModifiedInAHandlerForTheNextTurn) {  // [ghost.number] [modify.pending]
    Reactor reactor;
    const Ghost ghost{reactor, reading, free_number};
    const OwnedFd file = make_eventfd_at(free_number, 1);
    Source newcomer{free_number, reading, [](Source& self, ReactorOps& by) {
                        if (self.calls == 1) {
                            EXPECT_TRUE(by.modify(self.name, Interest{}.write()));
                        }
                    }};
    newcomer.add_to(reactor);

    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(poll(reactor), 1U);

    EXPECT_EQ(reactor.stats().rebuilds, 0U);
    EXPECT_EQ(newcomer.calls, 2);
    EXPECT_TRUE(newcomer.event.is_writable());
    EXPECT_FALSE(newcomer.event.is_readable());
}

TEST(StaleDescriptor, PausesInAHandlerAndResumesInTheSameOne) {  // [ghost.number] [modify.paused]
    Reactor reactor;
    const Ghost ghost{reactor, reading, free_number};
    const OwnedFd file = make_eventfd_at(free_number, 1);
    Source newcomer{free_number, reading, [](Source& self, ReactorOps& by) {
                        EXPECT_TRUE(by.modify(self.name, nothing));
                        EXPECT_TRUE(by.modify(self.name, reading_exclusively));
                        self.then = {};
                    }};
    newcomer.add_to(reactor);

    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(poll(reactor), 1U);

    EXPECT_EQ(newcomer.calls, 2);
    EXPECT_TRUE(entries_of(working_set()).back().events & EPOLLEXCLUSIVE);
}

TEST(StaleDescriptor, PausedInAHandlerReportsNothing) {  // [ghost.number] [modify.paused]
    Reactor reactor;
    const Ghost ghost{reactor, reading, free_number};
    const OwnedFd file = make_eventfd_at(free_number, 1);
    Source newcomer{free_number, reading, [](Source& self, ReactorOps& by) {
                        EXPECT_TRUE(by.modify(self.name, nothing));
                    }};
    newcomer.add_to(reactor);

    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(poll(reactor), 0U);

    EXPECT_EQ(entries_held(), 1U) << "that of the ghost";
    EXPECT_TRUE(reactor.modify(newcomer.name, reading));
    EXPECT_EQ(poll(reactor), 1U);
}

TEST(StaleDescriptor, CanBeAddedPaused) {  // [ghost.number] [modify.paused]
    Reactor reactor;
    const Ghost ghost{reactor, reading, free_number};
    const OwnedFd file = make_eventfd_at(free_number, 1);
    Source newcomer{free_number, nothing};
    newcomer.add_to(reactor);

    EXPECT_EQ(poll(reactor), 0U);

    EXPECT_EQ(newcomer.calls, 0);
    EXPECT_EQ(entries_held(), 1U) << "that of the ghost";
    EXPECT_TRUE(reactor.modify(newcomer.name, reading));
    EXPECT_EQ(poll(reactor), 1U);
}

TEST(StaleDescriptor,
     IsExtractedOutsideAHandlerAndInOneAfterARebuild) {  // [ghost.number] [extract]
    Reactor reactor;
    const Ghost ghost{reactor, reading, free_number};
    const OwnedFd file = make_eventfd_at(free_number);
    Source newcomer{free_number};
    newcomer.add_to(reactor);
    Source asker;
    asker.then = [&](Source&, ReactorOps& by) { EXPECT_FALSE(by.extract(newcomer.name)); };
    asker.add_to(reactor);
    asker.signal();

    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(newcomer.destroyed, 0);
    EXPECT_EQ(reactor.stats().rebuilds, 1U);

    EXPECT_TRUE(reactor.extract(newcomer.name));
    EXPECT_EQ(newcomer.destroyed, 1);
}

// --- an entry that comes back with a duplicate --------------------------------------------------

class ReturnedGhost : public testing::TestWithParam<std::tuple<Interest, Interest>> {};

INSTANTIATE_TEST_SUITE_P(
    Kinds, ReturnedGhost,
    testing::Combine(testing::Values(reading, reading_edges, reading_once, reading_exclusively),
                     testing::Values(reading, reading_edges, reading_once, reading_exclusively)));

TEST_P(ReturnedGhost, IsReplacedByTheNewSubscriber) {  // [ghost.returned]
    const auto [former, next] = GetParam();
    Reactor reactor;
    const Ghost ghost{reactor, former, free_number};
    ASSERT_EQ(::dup3(ghost.file().fd(), free_number, O_CLOEXEC), free_number);
    const OwnedFd returned{free_number};

    Source newcomer{free_number, next};
    newcomer.add_to(reactor);

    const auto entries = entries_of(working_set());
    ASSERT_EQ(entries.size(), 2U);
    EXPECT_EQ(entries.back().number, free_number);
    EXPECT_EQ(entries.back().data, newcomer.address);
    EXPECT_EQ(entries.back().events & ~(EPOLLERR | EPOLLHUP), next.bits());
    ghost.signal();
    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(newcomer.calls, 1);
    EXPECT_EQ(ghost.watched.calls, 0);
    EXPECT_EQ(reactor.stats().stale_events, 0U);
}

}  // namespace
}  // namespace eventp::support
