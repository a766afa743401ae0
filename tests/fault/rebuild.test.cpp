// SPDX-License-Identifier: MIT
//
// The kernel refuses a rebuild: the old epoll instance and the quarantine stay, and no event is
// lost.
#include <cerrno>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "fault/faults.hpp"
#include "fault/snapshot.hpp"
#include "support/kernel_set.hpp"

namespace eventp::support {
namespace {

/// One of each kind, and a ghost that fires.
class RebuildFaults : public testing::TestWithParam<std::tuple<Call, int, bool>> {
protected:
    RebuildFaults() {
        if (std::get<bool>(GetParam())) {
            EXPECT_TRUE(reactor.fd());
        }
        for (Source* each : {&level, &edges, &once, &fired, &exclusive, &paused}) {
            each->add_to(reactor);
        }
        fired.signal();
        EXPECT_EQ(poll(reactor), 1U);
        level.signal();
        edges.signal();
    }
    /// Two turns with an event of a ghost: after them a rebuild is due.
    void fire_ghost() {
        ghost.signal();
        EXPECT_EQ(poll(reactor), 2U);
        EXPECT_EQ(poll(reactor), 1U);
    }
    /// Every subscriber works as before.
    void expect_all_at_work(bool was_rebuilt) {
        for (const Source* each : {&level, &edges, &once, &fired, &exclusive, &paused}) {
            each->drain();
        }
        static_cast<void>(poll(reactor));
        const int edges_before = edges.calls;
        for (const Source* each : {&level, &edges, &once, &fired, &exclusive, &paused}) {
            each->signal();
        }
        EXPECT_EQ(poll(reactor), 4U);
        EXPECT_EQ(edges.calls, edges_before + 1);
        EXPECT_EQ(once.calls, 1);
        EXPECT_EQ(exclusive.calls, 1);
        EXPECT_EQ(fired.calls, 1) << "disarmed";
        EXPECT_EQ(paused.calls, 0);
        EXPECT_TRUE(reactor.modify(fired.name, reading_once));
        EXPECT_TRUE(reactor.modify(paused.name, reading));
        static_cast<void>(poll(reactor));
        EXPECT_EQ(fired.calls, 2);
        EXPECT_EQ(paused.calls, 1);
        EXPECT_EQ(ghost.watched.calls, 0);
        EXPECT_EQ(reactor.stats().rebuilds > 0, was_rebuilt);
    }

    Reactor reactor;
    Source level;
    Source edges{reading_edges};
    Source once{reading_once};
    Source fired{reading_once};
    Source exclusive{reading_exclusively};
    Source paused{nothing};
    Ghost ghost{reactor};
};

INSTANTIATE_TEST_SUITE_P(Refused, RebuildFaults,
                         testing::Combine(testing::Values(Call::epoll_add),
                                          testing::Values(ENOSPC, ENOMEM, EMFILE, EBUSY, EINTR),
                                          testing::Bool()));

TEST_P(RebuildFaults, AtAnyCallLeaveTheOldInstanceAndTheQuarantine) {  // [ghost.rebuild]
    const auto [call, error, embedded] = GetParam();
    static_cast<void>(embedded);
    const Snapshot before{reactor};
    {
        const Fault fault{call, error};
        fire_ghost();
        EXPECT_GT(fault.struck(), 0);
    }
    EXPECT_EQ(reactor.stats().rebuilds, 0U);
    EXPECT_EQ(reactor.stats().quarantined, 1U);
    EXPECT_EQ(Snapshot{reactor}.entries, before.entries);
    EXPECT_EQ(open_numbers(), before.numbers) << "the spare instance is kept";

    expect_all_at_work(true);  // the ghost fires still, and the kernel is willing again

    EXPECT_EQ(reactor.stats().quarantined, 0U);
}

TEST_P(RebuildFaults, AtAnySingleCallAreRepairedByTheNextRebuild) {  // [ghost.rebuild]
    const auto [call, error, embedded] = GetParam();
    static_cast<void>(embedded);
    bool has_struck = true;
    // After the add() of the one that is extracted.
    for (int nth = 1; has_struck; ++nth) {
        ASSERT_LT(nth, 20) << "every call fails";
        const auto rebuilds = reactor.stats().rebuilds;
        OwnedFd file = make_eventfd();
        Source watched{file.fd()};
        const Fault fault{call, error, nth, 1};
        watched.add_to(reactor);
        file.reset();

        AnySubscriber taken = reactor.extract(watched.name);

        has_struck = fault.struck() != 0;
        if (!taken) {
            EXPECT_TRUE(has_struck);
            EXPECT_EQ(reactor.stats().rebuilds, rebuilds);
            EXPECT_TRUE(reactor.contains(watched.name));
            taken = reactor.extract(watched.name);  // only one call fails
        }
        EXPECT_TRUE(taken);
        EXPECT_EQ(reactor.stats().rebuilds, rebuilds + 1);
    }
    expect_all_at_work(true);
}

class RefusedRebuild : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Error, RefusedRebuild, testing::Values(ENOSPC, ENOMEM));

TEST_P(RefusedRebuild, IsNotTriedAgainByEveryRemoval) {  // [ghost.rebuild]
    Reactor reactor;
    const auto remove_closed = [&](int times) {
        for (int i = 0; i < times; ++i) {
            OwnedFd file = make_eventfd();
            Source watched{file.fd()};
            watched.add_to(reactor);
            file.reset();
            EXPECT_TRUE(reactor.remove(watched.name));
        }
    };
    const Fault fault{Call::epoll_create, GetParam()};
    remove_closed(1025);
    EXPECT_EQ(reactor.stats().rebuilds, 1U) << "with the instance that was opened in advance";
    EXPECT_EQ(fault.struck(), 1) << "there is no other one now";

    remove_closed(1024 + 100);

    EXPECT_EQ(fault.struck(), 2);
    EXPECT_EQ(reactor.stats().quarantined, 1124U);
    remove_closed(2048);
    EXPECT_EQ(fault.struck(), 3);
}

TEST_P(RefusedRebuild, KeepsASubscriberThatCannotBeExtracted) {  // [extract] [ghost.rebuild]
    Reactor reactor;
    OwnedFd file = make_eventfd(1);
    const OwnedFd kept = duplicate(file.fd());
    Source watched{file.fd()};
    watched.add_to(reactor);
    file.reset();
    {
        const Fault fault{Call::epoll_add, GetParam()};
        EXPECT_FALSE(reactor.extract(watched.name));
        EXPECT_EQ(poll(reactor), 1U);
    }
    EXPECT_EQ(watched.destroyed, 0);
    EXPECT_TRUE(reactor.contains(watched.name));

    EXPECT_TRUE(reactor.extract(watched.name));
    EXPECT_EQ(watched.destroyed, 1);
}

TEST_P(RefusedRebuild, IsRepeatedWhenTheKernelAllowsAnotherInstance) {  // [ghost.rebuild]
    Reactor reactor;
    const Ghost first{reactor};
    const Ghost second{reactor};
    {
        const Fault fault{Call::epoll_create, GetParam()};
        first.signal();
        EXPECT_LE(turns_until_rebuilt(reactor, 3), 3);
        EXPECT_EQ(reactor.stats().quarantined, 0U);
        const Ghost third{reactor};
        third.signal();
        for (int turn = 0; turn < 3; ++turn) {
            EXPECT_EQ(poll(reactor), 0U);
        }
        EXPECT_EQ(reactor.stats().quarantined, 1U);
        EXPECT_GE(fault.struck(), 2);
    }
    const Ghost fourth{reactor};
    fourth.signal();
    EXPECT_LE(turns_until_rebuilt(reactor, 3), 3);
}

TEST_P(RefusedRebuild, OfFdIsRepairedByTheNextTurn) {  // [reactor.fd] [ghost.rebuild]
    Reactor reactor;
    const auto outside = reactor.fd();
    ASSERT_TRUE(outside);
    Source source;
    source.add_to(reactor);
    source.signal();
    {
        OwnedFd file = make_eventfd();
        Source watched{file.fd()};
        watched.add_to(reactor);
        file.reset();
        // The eventfd and the source are added to the new instance, then that to the one of fd().
        const Fault fault{Call::epoll_add, GetParam(), 3, 1};
        EXPECT_TRUE(reactor.extract(watched.name));
        EXPECT_EQ(fault.struck(), 1);
        EXPECT_FALSE(is_readable(outside->fd()));
    }
    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_TRUE(is_readable(outside->fd()));
}

}  // namespace
}  // namespace eventp::support
