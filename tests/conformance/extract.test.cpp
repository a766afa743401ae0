// SPDX-License-Identifier: MIT
//
// extract(), contains(), and ids of registrations that have ended.
#include <vector>

#include <gtest/gtest.h>

#include "support/files.hpp"
#include "support/source.hpp"

namespace eventp::support {
namespace {

TEST(ReactorTake, ReturnsTheSubscriberAlive) {  // [extract]
    Reactor reactor;
    Source source;
    const RegistrationId name = source.add_to(reactor);
    source.signal();

    AnySubscriber taken = reactor.extract(name);

    ASSERT_TRUE(taken);
    EXPECT_NE(taken.find<Source::Tap>(), nullptr);
    EXPECT_EQ(source.destroyed, 0);
    EXPECT_FALSE(reactor.contains(name));
    EXPECT_EQ(reactor.stats().registered, 0U);
    EXPECT_EQ(poll(reactor), 0U);
    taken = AnySubscriber{};
    EXPECT_EQ(source.destroyed, 1);
}

TEST(ReactorTake, MovesASubscriberToAnotherReactor) {  // [extract]
    Reactor first;
    Reactor second;
    Source source;
    const RegistrationId name = source.add_to(first);
    source.signal();
    EXPECT_EQ(poll(first), 1U);

    AnySubscriber taken = first.extract(name);
    const auto moved = second.add(taken);

    ASSERT_TRUE(moved);
    EXPECT_NE(*moved, name);
    EXPECT_FALSE(second.contains(name));
    EXPECT_EQ(poll(first), 0U);
    EXPECT_EQ(poll(second), 1U);
    EXPECT_EQ(source.told_name, *moved);
}

TEST(ReactorTake, IsEmptyForAnUnknownId) {  // [extract] [registration.stale]
    Reactor reactor;
    Source source;
    const RegistrationId stale = source.add_to(reactor);
    EXPECT_TRUE(reactor.remove(stale));
    source.add_to(reactor);

    EXPECT_FALSE(reactor.extract(stale));
    EXPECT_FALSE(reactor.extract(RegistrationId{}));
    EXPECT_FALSE(reactor.extract(BorrowedFd{-1}));

    EXPECT_TRUE(reactor.contains(source));
}

TEST(ReactorTake, IsEmptyForTheRunningSubscriberAndChangesNothing) {  // [extract]
    Reactor reactor;
    Source source{reading, [](Source& self, ReactorOps& by) {
                      EXPECT_FALSE(by.extract(self));
                      EXPECT_TRUE(by.contains(self.name));
                  }};
    source.add_to(reactor);
    source.signal();

    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(poll(reactor), 1U);

    EXPECT_EQ(source.destroyed, 0);
}

TEST(ReactorTake, OfASubscriberWithAPendingEventDropsTheEvent) {  // [extract]
    Reactor reactor;
    Crowd crowd{reactor, 3, reading};
    AnySubscriber taken;
    crowd.then = [&](std::size_t position, Source&, ReactorOps& by) {
        if (position == 0) {
            taken = by.extract(crowd.waiting());
            EXPECT_TRUE(taken);
        }
    };
    crowd.signal_all();

    EXPECT_EQ(poll(reactor), 2U);

    EXPECT_EQ(crowd.waiting().destroyed, 0);
    EXPECT_EQ(reactor.stats().events_dropped, 1U);
}

TEST(ReactorTake, OfASubscriberWithAPendingEventMayBeDestroyedAtOnce) {  // [extract]
    Reactor reactor;
    Crowd crowd{reactor, 3, reading};
    crowd.then = [&](std::size_t position, Source&, ReactorOps& by) {
        if (position == 0) {
            Source& victim = crowd.waiting();
            EXPECT_TRUE(by.extract(victim));
            EXPECT_EQ(victim.destroyed, 1);
        }
    };
    crowd.signal_all();

    EXPECT_EQ(poll(reactor), 2U);
}

TEST(ReactorTake, OfASubscriberThatHasRunInThisBatchMayBeDestroyedAtOnce) {  // [extract] [requeue]
    Reactor reactor;
    Crowd crowd{reactor, 2, reading};
    crowd.then = [&](std::size_t position, Source& self, ReactorOps& by) {
        if (position == 0) {
            EXPECT_TRUE(by.requeue(self));
        } else if (position == 1) {
            EXPECT_TRUE(by.extract(*crowd.order[0]));
            EXPECT_FALSE(by.requeue(crowd.order[0]->name));
        }
    };
    crowd.signal_all();

    EXPECT_EQ(poll(reactor), 2U);
    EXPECT_EQ(poll(reactor), 1U);
}

TEST(ReactorTake, LetsAHandlerAddTheSubscriberAgainForTheNextWait) {  // [extract] [add.next_turn]
    Reactor reactor;
    Crowd crowd{reactor, 2, reading_once};
    crowd.then = [&](std::size_t position, Source&, ReactorOps& by) {
        if (position == 0) {
            AnySubscriber taken = by.extract(crowd.waiting());
            EXPECT_TRUE(by.add(taken));
        }
    };
    crowd.signal_all();

    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(poll(reactor), 0U);
}

TEST(ReactorTake, ArmsAFiredOneShotSubscriberWhenItIsAddedAgain) {  // [extract]
    Reactor reactor;
    Source source{reading_once};
    source.add_to(reactor);
    source.signal();
    EXPECT_EQ(poll(reactor), 1U);

    AnySubscriber taken = reactor.extract(source);
    ASSERT_TRUE(reactor.add(taken));

    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(poll(reactor), 0U);
}

TEST(ReactorTake, OfAClosedDescriptorOutsideAHandlerRebuildsAtOnce) {  // [extract]
    Reactor reactor;
    Source source;
    const RegistrationId name = source.add_to(reactor);
    source.file.reset();

    EXPECT_TRUE(reactor.extract(name));

    EXPECT_FALSE(reactor.contains(name));
}

TEST(ReactorTake, OfAClosedDescriptorInAHandlerIsEmptyUntilTheRebuild) {  // [extract]
    Reactor reactor;
    Source closed;
    closed.add_to(reactor);
    Source source;
    source.add_to(reactor);
    std::vector<bool> got;
    source.then = [&](Source&, ReactorOps& by) {
        got.push_back(static_cast<bool>(by.extract(closed.name)));
        EXPECT_EQ(by.contains(closed.name), !got.back());
    };
    closed.file.reset();
    source.signal();

    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(poll(reactor), 1U);

    EXPECT_EQ(got, (std::vector<bool>{false, true}));
}

TEST(ReactorContains,
     TakesIdsDescriptorsAndObjectsOfPausedSubscribersToo) {  // [registration.stale]
    Reactor reactor;
    Source source;
    EXPECT_FALSE(reactor.contains(source));

    const RegistrationId name = source.add_to(reactor);

    EXPECT_TRUE(reactor.contains(name));
    EXPECT_TRUE(reactor.contains(source));
    EXPECT_TRUE(reactor.contains(BorrowedFd{source.fd()}));
    EXPECT_TRUE(reactor.modify(name, nothing));
    EXPECT_TRUE(reactor.contains(name));
    EXPECT_FALSE(reactor.contains(RegistrationId{name.fd(), name.generation() + 1}));
    EXPECT_FALSE(reactor.contains(RegistrationId{}));
    EXPECT_FALSE(reactor.contains(BorrowedFd{-1}));
    EXPECT_FALSE(reactor.contains(BorrowedFd{1'000'000'000}));
}

TEST(ReactorRegistration, OfAnotherReactorIsUnknown) {  // [registration.stale]
    Reactor here;
    Reactor there;
    Source source;
    const RegistrationId foreign = source.add_to(there);
    const RegistrationId own = source.add_to(here);

    EXPECT_FALSE(here.contains(foreign));
    EXPECT_FALSE(here.remove(foreign));
    EXPECT_FALSE(here.remove_now(foreign));
    EXPECT_FALSE(here.extract(foreign));
    EXPECT_FALSE(here.requeue(foreign));
    EXPECT_EQ(here.find<Source::Tap>(foreign), nullptr);
    EXPECT_EQ(error_of(here.modify(foreign, nothing)), std::errc::no_such_file_or_directory);

    EXPECT_TRUE(here.contains(own));
    EXPECT_TRUE(there.contains(foreign));
    EXPECT_EQ(source.destroyed, 0);
}

TEST(ReactorRegistration,
     OfAPredecessorDoesNotAffectTheSubscriberThatReusesItsDescriptor) {  // [registration.stale]
    Reactor reactor;
    Source source;
    std::vector<RegistrationId> stale;
    for (int round = 0; round < 4; ++round) {
        stale.push_back(source.add_to(reactor));
        EXPECT_TRUE(reactor.remove(source));
    }
    source.add_to(reactor);

    for (const RegistrationId name : stale) {
        EXPECT_FALSE(reactor.contains(name));
        EXPECT_FALSE(reactor.remove(name));
        EXPECT_FALSE(reactor.extract(name));
        EXPECT_EQ(error_of(reactor.modify(name, nothing)), std::errc::no_such_file_or_directory);
    }

    source.signal();
    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(source.told, reading);
}

}  // namespace
}  // namespace eventp::support
