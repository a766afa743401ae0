// SPDX-License-Identifier: MIT
//
// Calls back into the reactor: from handlers, and from destructors of subscribers.
#include <type_traits>

#include <gtest/gtest.h>

#include "support/files.hpp"
#include "support/source.hpp"

namespace eventp::support {
namespace {

using std::chrono_literals::operator""ms;
constexpr auto busy = std::errc::device_or_resource_busy;

void expect_all_refused(Reactor& reactor) {
    EXPECT_EQ(error_of(reactor.run_once()), busy);
    EXPECT_EQ(error_of(reactor.run_once(0ms)), busy);
    EXPECT_EQ(error_of(reactor.run()), busy);
    EXPECT_EQ(error_of(reactor.run(std::stop_token{})), busy);
    EXPECT_EQ(error_of(reactor.run_for(1ms)), busy);
    EXPECT_EQ(error_of(reactor.close_and_extract()), busy);
}

TEST(ReactorRun,
     FromAHandlerIsRefusedAndTheBatchContinues) {  // [run.reentrant] [reactor.close_and_extract]
    Reactor reactor;
    const Crowd crowd{reactor, 3, reading_edges,
                      [&](std::size_t, Source&, ReactorOps&) { expect_all_refused(reactor); }};
    crowd.signal_all();

    EXPECT_EQ(poll(reactor), 3U);

    EXPECT_EQ(poll(reactor), 0U);
    EXPECT_EQ(reactor.stats().registered, 3U);
}

TEST(ReactorRun, FromADestructorIsRefused) {  // [run.reentrant]
    Reactor reactor;
    Source source;
    source.on_destroy = [&] { expect_all_refused(reactor); };
    source.add_to(reactor);

    EXPECT_TRUE(reactor.remove(source));

    EXPECT_EQ(source.destroyed, 1);
    EXPECT_EQ(poll(reactor), 0U);
}

TEST(ReactorRun, FromADestructorAfterAHandlerIsRefused) {  // [run.reentrant] [remove.self]
    Reactor reactor;
    Source source{reading, [](Source& self, ReactorOps& by) { by.remove(self); }};
    source.on_destroy = [&] { expect_all_refused(reactor); };
    source.add_to(reactor);
    source.signal();

    EXPECT_EQ(poll(reactor), 1U);

    EXPECT_EQ(source.destroyed, 1);
}

TEST(ReactorRun, OfAnotherReactorFromAHandlerIsAllowed) {  // [run.reentrant]
    Reactor outer;
    Reactor inner;
    Source watched;
    watched.add_to(inner);
    watched.signal();
    std::size_t ran = 0;
    Source source{reading, [&](Source&, ReactorOps&) { ran = poll(inner); }};
    source.add_to(outer);
    source.signal();

    EXPECT_EQ(poll(outer), 1U);

    EXPECT_EQ(ran, 1U);
    EXPECT_EQ(watched.calls, 1);
}

TEST(ReactorOps, CannotDestroyOrReplaceTheRunningReactor) {  // [run.reentrant]
    EXPECT_FALSE(std::is_destructible_v<ReactorOps>);
    EXPECT_FALSE((std::is_assignable_v<ReactorOps&, Reactor&&>));
    EXPECT_FALSE((std::is_assignable_v<ReactorOps&, ReactorOps&&>));
    EXPECT_FALSE(std::is_copy_constructible_v<ReactorOps>);
    EXPECT_FALSE(std::is_move_constructible_v<Reactor>);
    EXPECT_FALSE(std::is_move_assignable_v<Reactor>);
}

// --- destructors --------------------------------------------------------------------------------

/// Where the destructor runs from.
enum class From { outside, running, another, another_now };

std::string name_of(From from) {
    constexpr const char* names[] = {"Outside", "ItsHandler", "AnothersHandler", "RemoveNow"};
    return names[static_cast<int>(from)];
}

class ReactorDestructor : public testing::TestWithParam<From> {
protected:
    /// Removes `victim` from there; true when its destructor ran.
    void remove(Source& victim) {
        victim.add_to(reactor);
        switch (GetParam()) {
            case From::outside:
                EXPECT_TRUE(reactor.remove(victim));
                break;
            case From::running:
                victim.then = [](Source& self, ReactorOps& by) { EXPECT_TRUE(by.remove(self)); };
                victim.signal();
                EXPECT_EQ(poll(reactor), 1U);
                break;
            case From::another:
            case From::another_now:
                remover.then = [&victim](Source& self, ReactorOps& by) {
                    self.drain();
                    EXPECT_TRUE(GetParam() == From::another ? by.remove(victim)
                                                            : by.remove_now(victim));
                };
                remover.add_to(reactor);
                remover.signal();
                EXPECT_EQ(poll(reactor), 1U);
                break;
        }
        victim.drain();
    }

    Reactor reactor;
    Source remover;
};

INSTANTIATE_TEST_SUITE_P(From, ReactorDestructor,
                         testing::Values(From::outside, From::running, From::another,
                                         From::another_now),
                         [](const auto& tested) { return name_of(tested.param); });

TEST_P(ReactorDestructor, IsCalledOnceAndDoesNotFindItsId) {  // [remove.outside] [remove.self]
    Source victim;
    bool known = true;
    victim.on_destroy = [&] {
        known = reactor.contains(victim.name) || reactor.contains(victim) ||
                reactor.remove(victim) || reactor.remove_now(victim.name) ||
                reactor.extract(victim) || reactor.requeue(victim) ||
                reactor.find<Source::Tap>(victim) != nullptr ||
                reactor.modify(victim, reading).has_value();
    };

    remove(victim);

    EXPECT_FALSE(known);
    EXPECT_EQ(victim.destroyed, 1);
}

TEST_P(ReactorDestructor, MayRegisterASuccessorUnderItsDescriptor) {  // [remove.readd]
    Source victim;
    RegistrationId successor;
    victim.on_destroy = [&] {
        victim.on_destroy = {};
        AnySubscriber next = victim.make();
        successor = reactor.add(next).value();
        victim.then = {};
    };

    remove(victim);

    EXPECT_TRUE(reactor.contains(successor));
    EXPECT_EQ(victim.destroyed, 1);
    victim.calls = 0;
    victim.signal();
    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(victim.told_name, successor);
    EXPECT_EQ(victim.calls, 1);
}

TEST_P(ReactorDestructor, MayRegisterManyOthers) {  // [remove.readd]
    Source victim;
    std::deque<Source> others(600);  // more than a page of rows
    victim.on_destroy = [&] {
        for (Source& other : others) {
            other.add_to(reactor);
        }
    };

    remove(victim);

    for (const Source& other : others) {
        EXPECT_TRUE(reactor.contains(other));
    }
}

TEST_P(ReactorDestructor, MayRemoveOthersInAChain) {  // [remove.other] [remove.outside]
    constexpr std::size_t length = 50;
    std::deque<Source> chain(length);
    for (std::size_t i = 0; i < length; ++i) {
        if (i > 0) {
            chain[i].add_to(reactor);
        }
        if (i + 1 < length) {
            chain[i].on_destroy = [this, &next = chain[i + 1]] {
                EXPECT_TRUE(reactor.remove(next));
            };
        }
    }

    remove(chain.front());

    for (const Source& link : chain) {
        EXPECT_EQ(link.destroyed, 1);
        EXPECT_FALSE(reactor.contains(link));
    }
    EXPECT_EQ(reactor.stats().quarantined, 0U);
}

TEST_P(ReactorDestructor, MayRemoveOthersAtOnceInAChain) {  // [remove.now]
    constexpr std::size_t length = 20;
    std::deque<Source> chain(length);
    for (std::size_t i = 0; i < length; ++i) {
        if (i > 0) {
            chain[i].add_to(reactor);
        }
        if (i + 1 < length) {
            chain[i].on_destroy = [this, &next = chain[i + 1]] {
                EXPECT_TRUE(reactor.remove_now(next));
                EXPECT_EQ(next.destroyed, 1);
            };
        }
    }

    remove(chain.front());

    EXPECT_EQ(chain.back().destroyed, 1);
}

TEST_P(ReactorDestructor, MayModifyAndExtractOthers) {  // [extract] [modify.pending]
    Source victim;
    Source modified;
    Source taken;
    modified.add_to(reactor);
    taken.add_to(reactor);
    AnySubscriber kept;
    victim.on_destroy = [&] {
        EXPECT_TRUE(reactor.modify(modified, Interest{}.priority()));
        kept = reactor.extract(taken);
    };

    remove(victim);

    EXPECT_TRUE(kept);
    EXPECT_EQ(taken.destroyed, 0);
    modified.signal();
    EXPECT_EQ(poll(reactor), 0U);
}

TEST(ReactorDestructorBehindAHandler, DropsThePendingEventsOfSubscribersThatItRemoves) {
    // [remove.pending]
    Reactor reactor;
    Crowd crowd{reactor, 4, reading};
    crowd.then = [&](std::size_t position, Source& self, ReactorOps& by) {
        if (position == 0) {
            self.on_destroy = [&] { EXPECT_TRUE(reactor.remove(crowd.waiting().name)); };
            EXPECT_TRUE(by.remove(self));
        }
    };
    crowd.signal_all();

    EXPECT_EQ(poll(reactor), 3U);

    EXPECT_EQ(reactor.stats().events_dropped, 1U);
    EXPECT_EQ(reactor.stats().registered, 2U);
}

TEST(ReactorDestructorBehindAHandler,
     MayExtractTheSubscriberThatRanLast) {  // [extract] [remove.other]
    // The handler has returned: it is not the running one any more.
    Reactor reactor;
    Source idle;
    idle.add_to(reactor);
    Source source{reading, [&](Source& self, ReactorOps& by) {
                      idle.on_destroy = [&] {
                          EXPECT_TRUE(reactor.extract(self));
                          EXPECT_EQ(self.destroyed, 1);
                      };
                      EXPECT_TRUE(by.remove(idle));
                  }};
    source.add_to(reactor);
    source.signal();

    EXPECT_EQ(poll(reactor), 1U);

    EXPECT_EQ(source.destroyed, 1);
    EXPECT_EQ(reactor.stats().registered, 0U);
}

}  // namespace
}  // namespace eventp::support
