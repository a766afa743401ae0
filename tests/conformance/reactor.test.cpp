// SPDX-License-Identifier: MIT
//
// Creating, inspecting, closing and destroying a reactor.
#include <climits>

#include <gtest/gtest.h>

#include "support/files.hpp"
#include "support/source.hpp"

namespace eventp::support {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""ns;

TEST(ReactorCreate, RefusesBadOptions) {  // [reactor.create]
    const auto invalid = std::errc::invalid_argument;

    EXPECT_EQ(error_of(Reactor::create({.event_capacity = 0})), invalid);
    EXPECT_EQ(error_of(Reactor::create({.event_capacity = INT_MAX / 12 + 1})), invalid);
    EXPECT_EQ(error_of(Reactor::create({.event_capacity = SIZE_MAX})), invalid);
    EXPECT_EQ(error_of(Reactor::create({.busy_poll = -1ns})), invalid);
#if defined(__cpp_exceptions)
    EXPECT_THROW(Reactor({.event_capacity = 0}), std::system_error);
#endif
}

TEST(ReactorCreate, TakesOneEventAtATimeWithACapacityOfOne) {  // [reactor.create]
    auto reactor = Reactor::create({.event_capacity = 1});
    ASSERT_TRUE(reactor);
    const Crowd crowd{*reactor, 3, reading_edges};
    crowd.signal_all();

    EXPECT_EQ(poll(*reactor), 1U);
    EXPECT_EQ(poll(*reactor), 1U);
    EXPECT_EQ(poll(*reactor), 1U);
    EXPECT_EQ(poll(*reactor), 0U);
}

TEST(ReactorCreate, TakesFiveHundredAndTwelveEventsAtATimeByDefault) {  // [reactor.create]
    auto reactor = Reactor::create();
    ASSERT_TRUE(reactor);
    const Crowd crowd{*reactor, 600, reading_edges};
    crowd.signal_all();

    EXPECT_EQ(poll(*reactor), 512U);
    EXPECT_EQ(poll(*reactor), 88U);
}

TEST(ReactorCreate,
     ClosesAllItsDescriptorsWhenItIsDestroyed) {  // [reactor.create] [reactor.destroy]
    const int next = closed_number();
    {
        Reactor reactor;
        EXPECT_TRUE(reactor.fd());
        EXPECT_TRUE(is_open(next));
    }

    EXPECT_EQ(closed_number(), next);
    EXPECT_FALSE(is_open(next + 1));
}

TEST(ReactorStats, CountWhatTheirNamesSay) {  // [reactor.create] [remove.pending]
    Reactor reactor;
    Crowd crowd{reactor, 4, reading};
    crowd.then = [&](std::size_t position, Source& self, ReactorOps& by) {
        self.drain();
        if (position == 0) {
            EXPECT_TRUE(by.remove(crowd.waiting().name));
        }
    };
    crowd.signal_all();
    EXPECT_EQ(poll(reactor), 3U);
    EXPECT_EQ(poll(reactor), 0U);

    const Reactor::Stats stats = reactor.stats();

    EXPECT_EQ(stats.turns, 2U);
    EXPECT_EQ(stats.events_reported, 4U);
    EXPECT_EQ(stats.handlers_called, 3U);
    EXPECT_EQ(stats.events_dropped, 1U);
    EXPECT_EQ(stats.stale_events, 0U);
    EXPECT_EQ(stats.rebuilds, 0U);
    EXPECT_EQ(stats.descriptors_detached, 0U);
    EXPECT_EQ(stats.quarantined, 0U);
    EXPECT_EQ(stats.registered, 3U);
}

TEST(ReactorRunOnce, CountsHandlersAndNotTheEventsOfRemovedSubscribers) {  // [remove.pending]
    Reactor reactor;
    Crowd crowd{reactor, 5, reading};
    crowd.then = [&](std::size_t position, Source& self, ReactorOps& by) {
        if (position == 0) {
            for (const Source& other : crowd.members) {
                if (&other != &self) {
                    EXPECT_TRUE(by.remove(other.name));
                }
            }
        }
    };
    crowd.signal_all();

    EXPECT_EQ(reactor.run_once().value(), 1U);
}

// --- find ---------------------------------------------------------------------------------------

struct Echo {
    int number = 0;
    void operator()() const {}
};

TEST(ReactorFind, ReturnsTheSubscriberByItsType) {  // [find]
    Reactor reactor;
    Source source;
    const RegistrationId name = source.add_to(reactor);

    auto* const found = reactor.find<Source::Tap>(name);

    ASSERT_NE(found, nullptr);
    EXPECT_EQ(&found->source(), &source);
    EXPECT_EQ(reactor.find<Source::Tap>(source), found);
    EXPECT_EQ(reactor.find<const Source::Tap>(name), found);
}

TEST(ReactorFind, ReturnsTheSubscriberOfTheBuilderAndItsDescriptorObject) {  // [find]
    Reactor reactor;
    const auto name =
        interest().read().with_fd(make_eventfd()).with_handler(Echo{7}).register_into(reactor);
    ASSERT_TRUE(name);

    auto* const whole = reactor.find<FdSubscriber<OwnedFd, Echo>>(*name);
    auto* const descriptor = reactor.find<OwnedFd>(*name);

    ASSERT_NE(whole, nullptr);
    EXPECT_EQ(&whole->descriptor(), descriptor);
    EXPECT_EQ(descriptor->fd(), name->fd());
}

TEST(ReactorFind, ReturnsTheObjectThatADescriptorObjectPointsTo) {  // [find]
    Reactor reactor;
    auto shared = std::make_shared<OwnedFd>(make_eventfd());
    OwnedFd* const pointee = shared.get();
    const auto name = interest().read().with_fd(shared).with_handler([] {}).register_into(reactor);
    ASSERT_TRUE(name);

    EXPECT_EQ(reactor.find<OwnedFd>(*name), pointee);
    ASSERT_NE(reactor.find<std::shared_ptr<OwnedFd>>(*name), nullptr);
    EXPECT_EQ(*reactor.find<std::shared_ptr<OwnedFd>>(*name), shared);
}

TEST(ReactorFind, IsNullForAnotherTypeAndAnUnknownId) {  // [find] [registration.stale]
    Reactor reactor;
    Source source;
    const RegistrationId name = source.add_to(reactor);

    EXPECT_EQ(reactor.find<OwnedFd>(name), nullptr);
    EXPECT_EQ(reactor.find<int>(name), nullptr);
    EXPECT_EQ(reactor.find<Source::Tap>(RegistrationId{}), nullptr);
    EXPECT_EQ(reactor.find<Source::Tap>(BorrowedFd{-1}), nullptr);
    EXPECT_TRUE(reactor.remove(source));
    EXPECT_EQ(reactor.find<Source::Tap>(name), nullptr);
}

TEST(ReactorFind, IsNullForTheRunningSubscriberAndNotForOthers) {  // [find]
    Reactor reactor;
    Source idle;
    idle.add_to(reactor);
    Source source{reading, [&](Source& self, ReactorOps& by) {
                      EXPECT_EQ(by.find<Source::Tap>(self), nullptr);
                      EXPECT_NE(by.find<Source::Tap>(idle), nullptr);
                  }};
    source.add_to(reactor);
    source.signal();

    EXPECT_EQ(poll(reactor), 1U);

    EXPECT_NE(reactor.find<Source::Tap>(source), nullptr);
}

// --- interest_of, size --------------------------------------------------------------------------

TEST(ReactorInterestOf, IsWhatIsRegisteredNow) {  // [interest_of]
    Reactor reactor;
    Source source{reading_once};
    const RegistrationId name = source.add_to(reactor);
    EXPECT_EQ(reactor.interest_of(name), reading_once);
    EXPECT_EQ(reactor.interest_of(source), reading_once);

    EXPECT_TRUE(reactor.modify(name, reading_edges));
    EXPECT_EQ(reactor.interest_of(name), reading_edges);
    EXPECT_FALSE(reactor.modify(name, reading_exclusively)) << "refused: nothing changes";
    EXPECT_EQ(reactor.interest_of(name), reading_edges);
    EXPECT_TRUE(reactor.modify(name, nothing));
    EXPECT_TRUE(reactor.interest_of(name).is_empty());

    EXPECT_TRUE(reactor.remove(name));
    EXPECT_EQ(reactor.interest_of(name), nothing);
    EXPECT_EQ(reactor.interest_of(RegistrationId{}), nothing);
    EXPECT_EQ(reactor.interest_of(BorrowedFd{-1}), nothing);
}

TEST(ReactorInterestOf, ChangesInTheRunningHandler) {  // [interest_of]
    Reactor reactor;
    Source source{reading_once, [](Source& self, ReactorOps& by) {
                      EXPECT_EQ(by.interest_of(self), reading_once) << "fired, and registered";
                      EXPECT_TRUE(by.modify(self, nothing));
                      EXPECT_EQ(by.interest_of(self), nothing);
                  }};
    source.add_to(reactor);
    source.signal();

    EXPECT_EQ(poll(reactor), 1U);
}

TEST(ReactorSize, CountsPausedSubscribersAndNoneThatAreRemoved) {  // [size]
    Reactor reactor;
    Source paused{nothing};
    Source removed;
    Source source{reading, [&](Source& self, ReactorOps& by) {
                      EXPECT_EQ(by.size(), 3U);
                      EXPECT_TRUE(by.remove(removed));
                      EXPECT_TRUE(by.remove(self));
                      EXPECT_EQ(by.size(), 1U) << "not destroyed yet, but no longer registered";
                  }};
    EXPECT_EQ(reactor.size(), 0U);
    for (Source* each : {&paused, &removed, &source}) {
        each->add_to(reactor);
    }
    source.signal();

    EXPECT_EQ(poll(reactor), 1U);

    EXPECT_EQ(reactor.size(), 1U);
}

// --- release ------------------------------------------------------------------------------------

TEST(ReactorCloseAndExtract, ReturnsTheSubscribersAliveForAnotherReactor) {
    // [reactor.close_and_extract]
    Reactor reactor;
    Crowd crowd{reactor, 3, reading_once};
    EXPECT_TRUE(reactor.modify(crowd.members[1], nothing));  // paused ones too
    crowd.signal_all();
    EXPECT_EQ(poll(reactor), 2U);

    auto released = reactor.close_and_extract();

    ASSERT_TRUE(released);
    ASSERT_EQ(released->size(), 3U);
    Reactor other;
    for (AnySubscriber& subscriber : *released) {
        const auto added = other.add(subscriber);
        ASSERT_TRUE(added);
        EXPECT_TRUE(other.modify(*added, reading));
    }
    EXPECT_EQ(poll(other), 3U);
    for (const Source& member : crowd.members) {
        EXPECT_EQ(member.destroyed, 0);
    }
}

TEST(ReactorCloseAndExtract,
     LeavesAReactorThatFailsWithOperationCanceled) {  // [reactor.close_and_extract]
    Reactor reactor;
    Source source;
    const RegistrationId name = source.add_to(reactor);
    source.signal();
    const auto released = reactor.close_and_extract();
    ASSERT_TRUE(released);
    const auto canceled = std::errc::operation_canceled;

    EXPECT_EQ(error_of(reactor.run_once()), canceled);
    EXPECT_EQ(error_of(reactor.run_once(0ms)), canceled);
    EXPECT_EQ(error_of(reactor.run()), canceled);
    EXPECT_EQ(error_of(reactor.run_for(1ms)), canceled);
    EXPECT_EQ(error_of(reactor.close_and_extract()), canceled);
    EXPECT_EQ(error_of(reactor.modify(name, nothing)), canceled);
    EXPECT_FALSE(reactor.contains(name));
    EXPECT_FALSE(reactor.remove(name));
    EXPECT_FALSE(reactor.extract(name));
    EXPECT_FALSE(reactor.requeue(name));
    EXPECT_EQ(reactor.find<Source::Tap>(name), nullptr);
    EXPECT_EQ(reactor.stats().registered, 0U);
    EXPECT_EQ(source.calls, 0);
}

TEST(ReactorCloseAndExtract, OfAnEmptyReactorReturnsNothing) {  // [reactor.close_and_extract]
    Reactor reactor;

    const auto released = reactor.close_and_extract();

    ASSERT_TRUE(released);
    EXPECT_TRUE(released->empty());
}

// --- the end ------------------------------------------------------------------------------------

TEST(ReactorDestruction, DestroysEverySubscriberPausedOnesToo) {  // [reactor.destroy]
    std::deque<Source> sources(5);
    {
        Reactor reactor;
        for (Source& source : sources) {
            source.add_to(reactor);
            source.signal();
        }
        EXPECT_TRUE(reactor.modify(sources[2], nothing));
        EXPECT_EQ(poll(reactor), 4U);
    }

    for (const Source& source : sources) {
        EXPECT_EQ(source.destroyed, 1);
    }
}

TEST(ReactorDestruction, LetsADestructorCallBack) {  // [reactor.destroy]
    std::deque<Source> sources(6);
    std::error_code add_error;
    std::error_code run_error;
    Source stranger;
    {
        Reactor reactor;
        for (Source& source : sources) {
            source.add_to(reactor);
        }
        sources[0].on_destroy = [&] {
            AnySubscriber subscriber = stranger.make();
            add_error = error_of(reactor.add(subscriber));
            EXPECT_TRUE(subscriber);
            run_error = error_of(reactor.run_once());
        };
        for (Source& source : sources) {
            if (&source != &sources[0]) {  // the first one that is destroyed removes the others
                source.on_destroy = [&] {
                    for (std::size_t i = 1; i < sources.size(); ++i) {
                        const bool known = reactor.contains(sources[i]);
                        EXPECT_EQ(reactor.remove(sources[i]), known);
                    }
                };
            }
        }
    }

    EXPECT_EQ(add_error, std::errc::operation_canceled);
    EXPECT_TRUE(run_error);
    for (const Source& source : sources) {
        EXPECT_EQ(source.destroyed, 1);
    }
}

}  // namespace
}  // namespace eventp::support
