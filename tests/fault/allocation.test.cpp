// SPDX-License-Identifier: MIT
//
// The nth allocation of an operation fails, n = 0, 1, 2 and so on until it succeeds: each time the
// state is as before, in the reactor and in the kernel, and nothing is leaked.
#include <chrono>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <eventp/timer.hpp>

#include "fault/snapshot.hpp"
#include "support/allocations.hpp"
#include "support/kernel_set.hpp"

namespace eventp::support {
namespace {

#if defined(__cpp_exceptions)

TEST(FailingAllocation, OfCreateLeavesNothingOpen) {  // [reactor.create]
    const auto before = open_numbers();
    const int allocations = fail_at_each_allocation([] { EXPECT_TRUE(Reactor::create()); },
                                                    [&] { EXPECT_EQ(open_numbers(), before); });
    EXPECT_GE(allocations, 3);
}

TEST(FailingAllocation, OfTheBuilderChangesNothingInTheReactor) {  // [add.strong]
    Reactor reactor;
    std::unique_ptr<Snapshot> before;
    const OwnedFd file = make_eventfd_at(number_in_a_new_page, 1);
    before = std::make_unique<Snapshot>(reactor);
    int ran = 0;
    const int allocations = fail_at_each_allocation(
        [&] {
            EXPECT_TRUE(interest()
                            .read()
                            .with_fd(BorrowedFd{number_in_a_new_page})
                            .with_handler([&ran] { ++ran; })
                            .register_into(reactor));
        },
        [&] { EXPECT_EQ(Snapshot{reactor}, *before); });
    EXPECT_GE(allocations, 2) << "the subscriber and a page of rows";
    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(ran, 1);
}

TEST(FailingAllocation, OfAddLeavesTheSubscriberToItsOwner) {  // [add.strong]
    for (const Interest kind : {reading, reading_exclusively, nothing}) {
        Reactor reactor;
        const OwnedFd file = make_eventfd_at(number_in_a_new_page, 1);
        Source watched{number_in_a_new_page, kind};
        AnySubscriber subscriber = watched.make();
        const auto before = std::make_unique<Snapshot>(reactor);
        const int allocations = fail_at_each_allocation(
            [&] { EXPECT_TRUE(reactor.add(subscriber)); },
            [&] {
                EXPECT_TRUE(subscriber);
                EXPECT_EQ(watched.destroyed, 0);
                EXPECT_EQ(Snapshot{reactor}, *before);
                EXPECT_FALSE(reactor.contains(BorrowedFd{number_in_a_new_page}));
            });
        EXPECT_GE(allocations, 1);
        EXPECT_EQ(poll(reactor), kind == nothing ? 0U : 1U);
    }
}

TEST(FailingAllocation, OfRequeueChangesNothing) {  // [requeue]
    Reactor reactor;
    Source source{reading_edges};
    int allocations = 0;
    source.then = [&](Source& self, ReactorOps& by) {
        if (self.calls == 1) {
            allocations = fail_at_each_allocation([&] { EXPECT_TRUE(by.requeue(self)); }, [] {});
        }
    };
    source.add_to(reactor);
    source.signal();

    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_GE(allocations, 1);
    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(poll(reactor), 0U);
}

TEST(FailingAllocation, OfAFedEventChangesNothing) {  // [feed_event]
    Reactor reactor;
    Source source;
    source.add_to(reactor);

    const int allocations =
        fail_at_each_allocation([&] { EXPECT_TRUE(reactor.feed_event(source, Event{EPOLLIN})); },
                                [&] { EXPECT_EQ(poll(reactor), 0U); });

    EXPECT_GE(allocations, 1);
    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(poll(reactor), 0U);
}

TEST(FailingAllocation, OfATurnWithRequeuedEventsLosesNone) {  // [requeue]
    Reactor reactor{{.event_capacity = 1}};
    Source source{reading_edges};
    source.then = [](Source& self, ReactorOps& by) { EXPECT_TRUE(by.requeue(self)); };
    source.add_to(reactor);
    source.signal();
    EXPECT_EQ(poll(reactor), 1U);
    source.then = {};

    std::size_t ran = 0;
    fail_at_each_allocation([&] { ran += reactor.run_once(std::chrono::seconds{0}).value_or(99); },
                            [&] { EXPECT_EQ(source.calls, 1); });

    EXPECT_EQ(ran, 1U);
    EXPECT_EQ(source.calls, 2);
}

TEST(FailingAllocation, OfCloseAndExtractLeavesTheReactorUsable) {  // [reactor.close_and_extract]
    Reactor reactor;
    Source source;
    source.add_to(reactor);
    source.signal();
    const auto before = std::make_unique<Snapshot>(reactor);
    std::vector<AnySubscriber> released;

    const int allocations =
        fail_at_each_allocation([&] { released = std::move(*reactor.close_and_extract()); },
                                [&] {
                                    EXPECT_EQ(Snapshot{reactor}, *before);
                                    EXPECT_EQ(poll(reactor), 1U);
                                });

    EXPECT_GE(allocations, 1);
    EXPECT_EQ(released.size(), 1U);
}

TEST(FailingAllocation, OfPostLeavesNothingQueued) {  // [remote.post]
    Reactor reactor;
    const RemoteEndpoint endpoint{reactor};
    int ran = 0;

    const int allocations =
        fail_at_each_allocation([&] { EXPECT_TRUE(endpoint.post([&ran] { ++ran; })); },
                                [&] {
                                    EXPECT_EQ(poll(reactor), 0U);
                                    EXPECT_EQ(ran, 0);
                                });

    EXPECT_GE(allocations, 1);
    EXPECT_EQ(poll(reactor), 0U);
    EXPECT_EQ(ran, 1);
}

TEST(FailingAllocation, OfATimerMakesNoUnknownTimerIdKnown) {  // [timer.stale]
    using std::chrono::hours;
    Reactor reactor;
    Timers others = Timers::create(reactor).value();
    TimerId foreign;
    for (int i = 0; i < 10; ++i) {
        foreign = others.after(hours{1}, [] {}).value();
    }

    int nth = 0;
    for (bool failed = true; failed; ++nth) {
        Timers timers = Timers::create(reactor).value();
        {
            const FailingNew failing{nth};
            try {
                EXPECT_TRUE(timers.after(hours{1}, [] {}));
            } catch (const std::bad_alloc&) {
                EXPECT_EQ(timers.size(), 0U);
            }
            failed = failing.has_failed();
        }
        EXPECT_FALSE(timers.cancel(foreign));
        EXPECT_FALSE(timers.reschedule(foreign, hours{2}));
    }

    EXPECT_GE(nth, 2);
    EXPECT_TRUE(others.cancel(foreign));
}

#endif  // __cpp_exceptions

// --- what must work without memory --------------------------------------------------------------

TEST(NoAllocation, IsMadeByTurnsAndByRemovals) {
    // [remove.always] [modify.pending] [extract] [ghost.rebuild]
    Reactor reactor;
    Crowd crowd{reactor, 4, reading};
    OwnedFd file = make_eventfd(1);
    const OwnedFd kept = duplicate(file.fd());
    Source closed{file.fd()};
    closed.add_to(reactor);
    crowd.order.reserve(100);
    crowd.then = [&](std::size_t position, Source& self, ReactorOps& by) {
        if (position == 0) {
            EXPECT_TRUE(by.remove(self));
            bool removed = false;
            for (Source& other : crowd.members) {
                if (other.calls == 0 && !std::exchange(removed, true)) {
                    EXPECT_TRUE(by.remove_now(other.name));
                } else if (other.calls == 0) {
                    EXPECT_TRUE(by.modify(other.name, reading_once));
                }
            }
            file.reset();
            EXPECT_TRUE(by.remove(closed.name));
        }
    };
    crowd.signal_all();

    const std::size_t made_before = allocations().made;
    for (int turn = 0; turn < 4; ++turn) {
        static_cast<void>(reactor.run_once(std::chrono::seconds{0}));
    }
    const std::size_t made = allocations().made;

    EXPECT_EQ(made, made_before);
    EXPECT_EQ(reactor.stats().rebuilds, 1U);
    EXPECT_EQ(reactor.stats().registered, 2U);
}

}  // namespace
}  // namespace eventp::support
