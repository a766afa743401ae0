// SPDX-License-Identifier: MIT
//
// A forked child has duplicates of all descriptors: it keeps files and epoll instances open that
// its parent closes.
#include <gtest/gtest.h>

#include "support/forks.hpp"
#include "support/kernel_set.hpp"

namespace eventp::support {
namespace {

TEST(GhostInAChild, NeverCallsARemovedSubscriber) {  // [ghost.fork]
    Reactor reactor;
    OwnedFd file = make_eventfd_at(free_number);
    Source watched{free_number};
    watched.add_to(reactor);
    Forked child{[](const Forked::Parent& parent) {
        parent.step();
        const bool wrote = ::eventfd_write(free_number, 1) == 0;
        parent.step();
        return wrote ? 0 : 1;
    }};
    child.wait_for_step();
    file.reset();
    EXPECT_TRUE(reactor.remove(watched.name));
    EXPECT_EQ(watched.destroyed, 1);
    child.go_on();
    child.wait_for_step();

    EXPECT_EQ(turns_until_rebuilt(reactor, 2), 2);

    EXPECT_EQ(watched.calls, 0);
    EXPECT_EQ(reactor.stats().stale_events, 2U);
    EXPECT_EQ(entries_held(), 0U);
    const auto events = reactor.stats().events_reported;
    EXPECT_EQ(poll(reactor), 0U);
    EXPECT_EQ(reactor.stats().events_reported, events) << "it spins still";
    child.go_on();
}

TEST(GhostInAChild, EndsWithTheChild) {  // [ghost.fork]
    Reactor reactor;
    OwnedFd file = make_eventfd_at(free_number, 1);
    Source watched{free_number};
    watched.add_to(reactor);
    Forked child{[](const Forked::Parent& parent) {
        parent.step();
        return 0;
    }};
    child.wait_for_step();
    file.reset();
    EXPECT_TRUE(reactor.remove(watched.name));
    EXPECT_EQ(entries_held(), 1U);

    child.go_on();
    EXPECT_EQ(child.exit_code(), 0);

    EXPECT_EQ(entries_held(), 0U);
    EXPECT_EQ(poll(reactor), 0U);
    EXPECT_EQ(reactor.stats().stale_events, 0U);
}

TEST(GhostInAChild, LeavesTheDescriptorToANewSubscriber) {  // [ghost.fork] [ghost.reuse]
    Reactor reactor;
    OwnedFd file = make_eventfd_at(free_number, 1);
    Source first{free_number};
    first.add_to(reactor);
    const Forked child{[](const Forked::Parent& parent) {
        parent.step();
        return 0;
    }};
    child.wait_for_step();
    file.reset();
    EXPECT_TRUE(reactor.remove(first.name));
    const OwnedFd next = make_eventfd_at(free_number, 1);
    Source second{free_number};
    second.add_to(reactor);

    for (int turn = 0; turn < 4; ++turn) {
        EXPECT_EQ(poll(reactor), 1U);
    }

    EXPECT_EQ(first.calls, 0);
    EXPECT_EQ(second.calls, 4);
    EXPECT_EQ(reactor.stats().rebuilds, 1U);
    child.go_on();
}

TEST(GhostInAChild, IsNotMadeByARemovalBeforeTheClose) {  // [ghost.fork]
    Reactor reactor;
    OwnedFd file = make_eventfd_at(free_number, 1);
    Source watched{free_number};
    watched.add_to(reactor);
    const Forked child{[](const Forked::Parent& parent) {
        parent.step();
        return 0;
    }};
    child.wait_for_step();

    EXPECT_TRUE(reactor.remove(watched.name));
    file.reset();

    EXPECT_EQ(reactor.stats().quarantined, 0U);
    EXPECT_EQ(entries_held(), 0U);
    EXPECT_EQ(poll(reactor), 0U);
    child.go_on();
}

TEST(OldSetInAChild, DoesNotAffectTheRebuiltInstanceOfTheParent) {  // [ghost.fork] [ghost.rebuild]
    Reactor reactor;
    Source source;
    source.add_to(reactor);
    const Forked child{[](const Forked::Parent& parent) {
        parent.step();
        return 0;
    }};
    child.wait_for_step();

    rebuild_now(reactor);
    source.signal();

    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_TRUE(reactor.remove(source.name));
    EXPECT_EQ(poll(reactor), 0U);
    child.go_on();
}

TEST(OldSetInAChild, DoesNotKeepAnOuterLoopAwake) {
    // [ghost.fork] [ghost.rebuild] [reactor.fd]
    Reactor reactor;
    const auto outside = reactor.fd();
    ASSERT_TRUE(outside);
    Source source;
    source.add_to(reactor);
    source.signal();
    EXPECT_TRUE(is_readable(outside->fd()));
    const Forked child{[](const Forked::Parent& parent) {
        parent.step();
        return 0;
    }};
    child.wait_for_step();

    // The child keeps the old instance open, in which the source stays ready.
    rebuild_now(reactor);
    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_TRUE(reactor.remove(source.name));

    EXPECT_EQ(poll(reactor), 0U);
    EXPECT_FALSE(is_readable(outside->fd()));
    child.go_on();
}

TEST(ReactorInAChild, ChangesNothingOfTheParent) {  // [ghost.fork] [fork.guard]
    Reactor reactor;
    OwnedFd file = make_eventfd_at(free_number, 1);
    Source watched{free_number};
    watched.add_to(reactor);
    const auto before = entries_of(working_set());
    Forked child{[&](const Forked::Parent&) {
        Source other{make_eventfd().release()};
        AnySubscriber subscriber = other.make();
        const bool error =
            error_of(reactor.add(subscriber)) == std::errc::no_child_process &&
            error_of(reactor.modify(watched.name, reading_edges)) == std::errc::no_child_process &&
            !reactor.remove(watched.name) && !reactor.remove_now(watched.name) &&
            !reactor.extract(watched.name);
        return error ? 0 : 1;
    }};
    EXPECT_EQ(child.exit_code(), 0);

    EXPECT_EQ(entries_of(working_set()), before);
    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(watched.calls, 1);
}

}  // namespace
}  // namespace eventp::support
