// SPDX-License-Identifier: MIT
//
// What modify() promises outside a batch, and to events that a batch still holds.
#include <gtest/gtest.h>

#include "support/files.hpp"
#include "support/source.hpp"

namespace eventp::support {
namespace {

constexpr Interest reading_and_writing = Interest{}.read_write();

TEST(ReactorModify, ChangesTheKernelsInterestAndTheStoredOneTogether) {  // [modify.pending]
    Reactor reactor;
    Source source;
    source.add_to(reactor);
    source.signal();

    EXPECT_TRUE(reactor.modify(source, Interest{}.write()));

    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(source.event, Event{EPOLLOUT});
    EXPECT_EQ(source.told, Interest{}.write());
}

TEST(ReactorModify, ReportsAConditionThatHoldsAlreadyToAnEdgeTriggeredSubscriberToo) {
    // [modify.pending]
    Reactor reactor;
    Source source{reading_edges};
    source.add_to(reactor);
    source.signal();
    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(poll(reactor), 0U);

    EXPECT_TRUE(reactor.modify(source, reading_edges));

    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(poll(reactor), 0U);
}

TEST(ReactorModify, ArmsAOneShotSubscriberAgain) {  // [modify.pending]
    Reactor reactor;
    Source source{reading_once};
    source.add_to(reactor);
    source.signal();
    EXPECT_EQ(poll(reactor), 1U);
    source.signal();
    EXPECT_EQ(poll(reactor), 0U);

    EXPECT_TRUE(reactor.modify(source, reading_once));

    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(poll(reactor), 0U);
    EXPECT_EQ(source.calls, 2);
}

TEST(ReactorModify, ArmsTheRunningOneShotSubscriberAgain) {  // [modify.pending]
    Reactor reactor;
    Source source{reading_once,
                  [](Source& self, ReactorOps& by) { EXPECT_TRUE(by.modify(self, reading_once)); }};
    source.add_to(reactor);
    source.signal();

    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(source.calls, 2);
}

TEST(ReactorModify, MakesAOneShotSubscriberPersistentAndBack) {  // [modify.pending]
    Reactor reactor;
    Source source{reading_once};
    source.add_to(reactor);
    source.signal();
    EXPECT_EQ(poll(reactor), 1U);

    EXPECT_TRUE(reactor.modify(source, reading));
    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(poll(reactor), 1U);

    EXPECT_TRUE(reactor.modify(source, reading_once));
    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(poll(reactor), 0U);
}

TEST(ReactorModify, FailsForAnUnknownId) {  // [registration.stale]
    Reactor reactor;
    Source source;
    const RegistrationId name = source.add_to(reactor);
    EXPECT_TRUE(reactor.remove(name));
    const RegistrationId fresh = source.add_to(reactor);
    const auto none = std::errc::no_such_file_or_directory;

    EXPECT_EQ(error_of(reactor.modify(name, reading_edges)), none);
    EXPECT_EQ(error_of(reactor.modify(RegistrationId{}, reading_edges)), none);
    EXPECT_EQ(error_of(reactor.modify(BorrowedFd{-1}, reading_edges)), none);
    EXPECT_EQ(error_of(reactor.modify(BorrowedFd{1'000'000'000}, reading_edges)), none);

    source.signal();
    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(source.told, reading);
    EXPECT_EQ(source.told_name, fresh);
}

TEST(ReactorModify, RefusesAnInvalidInterestAndKeepsTheOldOne) {  // [interest.exclusive]
    Reactor reactor;
    Source source;
    source.add_to(reactor);
    source.signal();

    for (const Interest bad : {Interest{EPOLLIN | 1U << 20U}, reading_exclusively.oneshot(),
                               reading_exclusively.priority(), reading_exclusively.read_hangup(),
                               Interest{EPOLLEXCLUSIVE | EPOLLONESHOT}}) {
        EXPECT_EQ(error_of(reactor.modify(source, bad)), std::errc::invalid_argument);
    }

    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(source.told, reading);
}

TEST(ReactorModify, RefusesToOrFromExclusiveAndChangesNothing) {  // [interest.exclusive]
    Reactor reactor;
    Source plain;
    Source exclusive{reading_exclusively};
    plain.add_to(reactor);
    exclusive.add_to(reactor);

    EXPECT_EQ(error_of(reactor.modify(plain, reading_exclusively)), std::errc::invalid_argument);
    EXPECT_EQ(error_of(reactor.modify(exclusive, reading)), std::errc::invalid_argument);
    EXPECT_EQ(error_of(reactor.modify(exclusive, reading_exclusively.write())),
              std::errc::invalid_argument);

    plain.signal();
    exclusive.signal();
    EXPECT_EQ(poll(reactor), 2U);
    EXPECT_EQ(plain.told, reading);
    EXPECT_EQ(exclusive.told, reading_exclusively);
    EXPECT_EQ(exclusive.event, Event{EPOLLIN});
}

TEST(ReactorModify, FailsForADescriptorThatWasClosedWhichRemoveAccepts) {  // [remove.always]
    Reactor reactor;
    Source source;
    const RegistrationId name = source.add_to(reactor);
    source.file.reset();

    EXPECT_EQ(error_of(reactor.modify(name, reading_edges)), std::errc::bad_file_descriptor);
    EXPECT_EQ(error_of(reactor.modify(name, nothing)), std::errc::bad_file_descriptor);

    EXPECT_TRUE(reactor.contains(name));
    EXPECT_TRUE(reactor.remove(name));
}

TEST(ReactorModify, FailsForADescriptorThatWasReplacedAndDoesNotAffectTheOther) {
    // [remove.always]
    Reactor reactor;
    Source source;
    const RegistrationId name = source.add_to(reactor);
    const OwnedFd other = make_eventfd();
    ASSERT_EQ(::dup2(other.fd(), source.fd()), source.fd());

    EXPECT_EQ(error_of(reactor.modify(name, reading_edges)), std::errc::no_such_file_or_directory);

    EXPECT_TRUE(reactor.remove(name));
    EXPECT_TRUE(is_open(source.fd()));
}

// --- events that a batch holds ------------------------------------------------------------------

/// A batch whose first handler changes a subscriber whose handler has not run yet.
struct Pair {
    using Act = std::function<void(Source& waiting, ReactorOps& by)>;

    Pair(Interest interest, Act act)
        : crowd{reactor, 2, interest, [this, act](std::size_t position, Source&, ReactorOps& by) {
                    if (position == 0 && other == nullptr) {
                        other = &crowd.waiting();
                        act(*other, by);
                    }
                }} {}

    Reactor reactor;
    Source* other = nullptr;
    Crowd crowd;
};

TEST(ReactorModify, DropsAPendingEventThatIsNoLongerRequested) {  // [modify.pending]
    Pair pair{reading, [](Source& waiting, ReactorOps& by) {
                  EXPECT_TRUE(by.modify(waiting, Interest{}.priority()));
              }};
    pair.crowd.signal_all();

    EXPECT_EQ(poll(pair.reactor), 1U);

    EXPECT_EQ(pair.other->calls, 0);
    EXPECT_EQ(pair.reactor.stats().events_dropped, 1U);
}

TEST(ReactorModify, DropsThePendingEventOfASubscriberThatAHandlerPauses) {
    // [modify.pending] [modify.paused]
    Pair pair{reading,
              [](Source& waiting, ReactorOps& by) { EXPECT_TRUE(by.modify(waiting, nothing)); }};
    pair.crowd.signal_all();

    EXPECT_EQ(poll(pair.reactor), 1U);
    EXPECT_EQ(pair.other->calls, 0);
    EXPECT_EQ(poll(pair.reactor), 1U);
    EXPECT_EQ(pair.other->calls, 0);

    EXPECT_TRUE(pair.reactor.modify(*pair.other, reading));
    EXPECT_EQ(poll(pair.reactor), 2U);
    EXPECT_EQ(pair.other->calls, 1);
}

TEST(ReactorModify, NarrowsAPendingEventToTheNewInterest) {  // [modify.pending]
    Pair pair{reading_and_writing, [](Source& waiting, ReactorOps& by) {
                  EXPECT_TRUE(by.modify(waiting, Interest{}.write()));
              }};
    pair.crowd.signal_all();

    EXPECT_EQ(poll(pair.reactor), 2U);

    EXPECT_EQ(pair.other->event, Event{EPOLLOUT});
    EXPECT_EQ(pair.other->told, Interest{}.write());
}

TEST(ReactorModify, AddsNothingToAPendingEvent) {  // [modify.pending]
    Pair pair{reading, [](Source& waiting, ReactorOps& by) {
                  EXPECT_TRUE(by.modify(waiting, reading_and_writing));
              }};
    pair.crowd.signal_all();

    EXPECT_EQ(poll(pair.reactor), 2U);

    EXPECT_EQ(pair.other->event, Event{EPOLLIN});
    EXPECT_EQ(poll(pair.reactor), 2U);
    EXPECT_EQ(pair.other->event, Event{EPOLLIN | EPOLLOUT});
}

TEST(ReactorModify, KeepsAHangupOfAPendingEventThatIsOtherwiseDropped) {  // [modify.pending]
    Reactor reactor;
    Pipe pipe;
    Source hung{pipe.read.fd()};
    Source first{reading, [&](Source&, ReactorOps& by) {
                     if (hung.calls == 0) {
                         EXPECT_TRUE(by.modify(hung, Interest{}.priority()));
                     }
                 }};
    hung.add_to(reactor);
    first.add_to(reactor);
    first.signal();  // becomes ready first, so that it is reported first
    ASSERT_EQ(::write(pipe.write.fd(), "x", 1), 1);
    pipe.write.reset();

    EXPECT_EQ(poll(reactor), 2U);

    ASSERT_EQ(hung.calls, 1);
    EXPECT_TRUE(hung.event.is_hangup());
    ASSERT_EQ(first.calls, 1);
    EXPECT_FALSE(hung.event.is_readable());
}

TEST(ReactorModify, DropsThePendingEventOfAOneShotSubscriberAndReportsItOnceNextTurn) {
    // [modify.pending]
    Pair pair{reading_and_writing.oneshot(), [](Source& waiting, ReactorOps& by) {
                  EXPECT_TRUE(by.modify(waiting, reading_and_writing.oneshot()));
              }};
    pair.crowd.signal_all();

    EXPECT_EQ(poll(pair.reactor), 1U);
    EXPECT_EQ(pair.other->calls, 0);

    EXPECT_EQ(poll(pair.reactor), 1U);
    EXPECT_EQ(pair.other->calls, 1);
    EXPECT_EQ(pair.other->event, Event{EPOLLIN | EPOLLOUT});

    EXPECT_EQ(poll(pair.reactor), 0U);
}

TEST(ReactorModify, MakesAPendingSubscriberOneShotWithoutCallingItTwice) {  // [modify.pending]
    Pair pair{reading, [](Source& waiting, ReactorOps& by) {
                  EXPECT_TRUE(by.modify(waiting, reading_once));
              }};
    pair.crowd.signal_all();

    EXPECT_EQ(poll(pair.reactor), 1U);
    EXPECT_EQ(pair.other->calls, 0);
    EXPECT_EQ(poll(pair.reactor), 2U);
    EXPECT_EQ(pair.other->calls, 1);
    EXPECT_EQ(poll(pair.reactor), 1U);
    EXPECT_EQ(pair.other->calls, 1);
}

TEST(ReactorModify, OfTheRunningSubscriberDoesNotChangeThePendingEventsOfOthers) {
    // [modify.pending]
    Reactor reactor;
    const Crowd crowd{reactor, 4, reading, [](std::size_t, Source& self, ReactorOps& by) {
                          EXPECT_TRUE(by.modify(self, nothing));
                      }};
    crowd.signal_all();

    EXPECT_EQ(poll(reactor), 4U);

    EXPECT_EQ(poll(reactor), 0U);
}

TEST(ReactorModify, TwiceInOneHandlerAppliesBothToThePendingEvent) {  // [modify.pending]
    Pair pair{reading, [](Source& waiting, ReactorOps& by) {
                  EXPECT_TRUE(by.modify(waiting, Interest{}.priority()));
                  EXPECT_TRUE(by.modify(waiting, reading));
              }};
    pair.crowd.signal_all();

    EXPECT_EQ(poll(pair.reactor), 1U);
    EXPECT_EQ(pair.other->calls, 0);

    EXPECT_EQ(poll(pair.reactor), 2U);
    EXPECT_EQ(pair.other->calls, 1);
}

}  // namespace
}  // namespace eventp::support
