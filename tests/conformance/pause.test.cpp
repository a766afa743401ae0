// SPDX-License-Identifier: MIT
//
// An empty interest: the subscriber stays registered, its epoll entry is removed.
#include <gtest/gtest.h>

#include <sys/epoll.h>
#include <unistd.h>

#include "support/files.hpp"
#include "support/source.hpp"

namespace eventp::support {
namespace {

TEST(ReactorPause, ReportsNothingUntilAnInterestIsRequestedAgain) {  // [modify.paused]
    Reactor reactor;
    Source source;
    const RegistrationId name = source.add_to(reactor);
    source.signal();

    EXPECT_TRUE(reactor.modify(name, nothing));
    EXPECT_EQ(poll(reactor), 0U);
    EXPECT_TRUE(reactor.contains(name));
    EXPECT_EQ(source.destroyed, 0);

    EXPECT_TRUE(reactor.modify(name, reading));
    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(source.told_name, name);
}

TEST(ReactorPause, ReportsNotEvenAHangup) {  // [modify.paused]
    Reactor reactor;
    Pipe pipe;
    Source source{pipe.read.fd()};
    source.add_to(reactor);
    EXPECT_TRUE(reactor.modify(source, nothing));

    pipe.write.reset();

    EXPECT_EQ(poll(reactor), 0U);
    EXPECT_EQ(source.calls, 0);
    EXPECT_TRUE(reactor.modify(source, reading));
    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(source.calls, 1);
}

TEST(ReactorPause, TreatsAnInterestOfModesOnlyAsEmpty) {  // [modify.paused]
    Reactor reactor;
    Source source;
    source.add_to(reactor);
    source.signal();

    EXPECT_TRUE(reactor.modify(source, Interest{}.edge_triggered().oneshot()));

    EXPECT_EQ(poll(reactor), 0U);
}

TEST(ReactorAdd, WithAnEmptyInterestRegistersASubscriberPaused) {  // [modify.paused]
    Reactor reactor;
    Source source{nothing};
    source.signal();
    const RegistrationId name = source.add_to(reactor);

    EXPECT_EQ(poll(reactor), 0U);
    EXPECT_TRUE(reactor.contains(name));

    EXPECT_TRUE(reactor.modify(name, reading));
    EXPECT_EQ(poll(reactor), 1U);
}

TEST(ReactorPause, TwiceHasTheSameEffectAsOnce) {  // [modify.paused]
    Reactor reactor;
    Source source;
    source.add_to(reactor);

    EXPECT_TRUE(reactor.modify(source, nothing));
    EXPECT_TRUE(reactor.modify(source, nothing));

    EXPECT_TRUE(reactor.modify(source, reading));
    source.signal();
    EXPECT_EQ(poll(reactor), 1U);
}

TEST(ReactorPause, FromItsOwnHandlerStopsASpinOnAHangup) {  // [modify.paused]
    Reactor reactor;
    Pipe pipe;
    Source source{pipe.read.fd(), reading, [](Source& self, ReactorOps& by) {
                      EXPECT_TRUE(by.modify(self.told_name, nothing));
                  }};
    const RegistrationId name = source.add_to(reactor);
    pipe.write.reset();

    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(poll(reactor), 0U);
    EXPECT_EQ(source.calls, 1);
    EXPECT_TRUE(reactor.contains(name));
}

TEST(ReactorPause, ReportsAnEdgeThatWasConsumedBeforeOnceMoreAfterResuming) {  // [modify.paused]
    Reactor reactor;
    Source source{reading_edges};
    source.add_to(reactor);
    source.signal();
    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(poll(reactor), 0U);

    EXPECT_TRUE(reactor.modify(source, nothing));
    EXPECT_TRUE(reactor.modify(source, reading_edges));

    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(poll(reactor), 0U);
}

TEST(ReactorPause, ArmsAFiredOneShotSubscriberOnResuming) {  // [modify.paused]
    Reactor reactor;
    Source source{reading_once};
    source.add_to(reactor);
    source.signal();
    EXPECT_EQ(poll(reactor), 1U);

    EXPECT_TRUE(reactor.modify(source, nothing));
    EXPECT_TRUE(reactor.modify(source, reading_once));

    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(poll(reactor), 0U);
}

TEST(ReactorPause, PausesAnExclusiveSubscriberAndResumesItWithAnyInterest) {
    // [modify.paused] [interest.exclusive]
    Reactor reactor;
    Source source{reading_exclusively};
    source.add_to(reactor);
    source.signal();

    EXPECT_TRUE(reactor.modify(source, nothing));
    EXPECT_EQ(poll(reactor), 0U);
    EXPECT_TRUE(reactor.modify(source, reading_exclusively.edge_triggered()));
    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_TRUE(reactor.modify(source, nothing));
    EXPECT_TRUE(reactor.modify(source, reading_once));
    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(poll(reactor), 0U);
}

TEST(ReactorPause,
     CanBeRemovedExtractedAndAddedAgain) {  // [modify.paused] [remove.outside] [extract]
    Reactor reactor;
    Source source;
    source.add_to(reactor);
    EXPECT_TRUE(reactor.modify(source, nothing));
    EXPECT_TRUE(reactor.remove(source));
    EXPECT_EQ(source.destroyed, 1);

    source.add_to(reactor);
    EXPECT_TRUE(reactor.modify(source, nothing));
    AnySubscriber taken = reactor.extract(source);
    ASSERT_TRUE(taken);
    ASSERT_TRUE(reactor.add(taken));

    source.signal();
    EXPECT_TRUE(reactor.modify(source, reading));
    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(source.destroyed, 1);
}

TEST(ReactorPause, RefusesToResumeWithAnotherDescriptor) {  // [modify.paused]
    Reactor reactor;
    const OwnedFd before = make_eventfd(1);
    const OwnedFd after = make_eventfd(1);
    Source source{before.fd()};
    const RegistrationId id = source.add_to(reactor);
    ASSERT_TRUE(reactor.modify(id, nothing));

    for (const int other : {after.fd(), -1, closed_number()}) {
        source.number = other;
        EXPECT_EQ(error_of(reactor.modify(id, reading)), std::errc::bad_file_descriptor);
        EXPECT_EQ(poll(reactor), 0U);
    }

    source.number = before.fd();
    EXPECT_TRUE(reactor.modify(id, reading));
    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(source.calls, 1);
}

TEST(ReactorPause, ContinuesWithAnotherDescriptorAfterExtractAndAdd) {  // [extract]
    Reactor reactor;
    const OwnedFd before = make_eventfd(1);
    const OwnedFd after = make_eventfd(1);
    Source source{before.fd()};
    const RegistrationId id = source.add_to(reactor);

    AnySubscriber subscriber = reactor.extract(id);
    source.number = after.fd();
    const auto again = reactor.add(subscriber);

    ASSERT_TRUE(again);
    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(source.told_name, *again);
    EXPECT_EQ(source.told_name.fd(), after.fd());
    EXPECT_FALSE(reactor.contains(id));
}

TEST(ReactorPause, KeepsItsDescriptorFromOthers) {  // [modify.paused] [add.strong]
    Reactor reactor;
    Source source;
    source.add_to(reactor);
    EXPECT_TRUE(reactor.modify(source, nothing));
    AnySubscriber second = source.make();

    EXPECT_EQ(error_of(reactor.add(second)), std::errc::file_exists);

    EXPECT_TRUE(second);
}

TEST(ReactorPause, FailsToResumeAsAddDoesAndStaysPaused) {  // [modify.paused]
    Reactor reactor;
    const OwnedFd directory = open_file("/", O_DIRECTORY);
    Source source;
    source.signal();
    const RegistrationId id = source.add_to(reactor);
    EXPECT_TRUE(reactor.modify(id, nothing));
    const OwnedFd copy = duplicate(source.fd());

    ASSERT_EQ(::dup2(directory.fd(), source.fd()), source.fd());
    EXPECT_EQ(error_of(reactor.modify(id, reading)), std::errc::operation_not_permitted);
    EXPECT_EQ(poll(reactor), 0U);

    ASSERT_EQ(::dup2(copy.fd(), source.fd()), source.fd());
    EXPECT_TRUE(reactor.modify(id, reading));
    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(source.calls, 1);
}

// --- errors and hang-ups only, which is not paused
// ------------------------------------------------

constexpr Interest errors = Interest{}.errors_only();

TEST(ErrorsOnly, ReportsAHangupAndNoData) {  // [interest.errors_only]
    Reactor reactor;
    Pipe pipe;
    ASSERT_EQ(::write(pipe.write.fd(), "x", 1), 1);
    Source source{pipe.read.fd(), errors};
    source.add_to(reactor);

    EXPECT_EQ(poll(reactor), 0U);
    pipe.write.reset();
    EXPECT_EQ(poll(reactor), 1U);

    EXPECT_EQ(source.event, Event{EPOLLHUP});
    EXPECT_EQ(source.told, errors);
}

TEST(ErrorsOnly, ReportsAnError) {  // [interest.errors_only]
    Reactor reactor;
    Pipe pipe;
    Source source{pipe.write.fd(), errors};
    source.add_to(reactor);

    EXPECT_EQ(poll(reactor), 0U);
    pipe.read.reset();
    EXPECT_EQ(poll(reactor), 1U);

    EXPECT_EQ(source.event, Event{EPOLLERR});
}

TEST(ErrorsOnly, TakesTheDataFromAnEventThatIsPending) {  // [interest.errors_only] [modify.pending]
    Reactor reactor;
    Pipe pipe;
    Source second{pipe.read.fd()};
    Source first{reading, [&](Source&, ReactorOps& by) { EXPECT_TRUE(by.modify(second, errors)); }};
    first.add_to(reactor);
    second.add_to(reactor);
    first.signal();
    ASSERT_EQ(::write(pipe.write.fd(), "x", 1), 1);
    pipe.write.reset();

    EXPECT_EQ(poll(reactor), 2U);

    EXPECT_EQ(second.event, Event{EPOLLHUP});
}

TEST(ErrorsOnly, IsResumedAsAnyInterest) {  // [interest.errors_only] [modify.paused]
    Reactor reactor;
    Source source{errors};
    source.add_to(reactor);
    source.signal();
    EXPECT_TRUE(reactor.modify(source, nothing));
    EXPECT_TRUE(reactor.modify(source, errors));
    EXPECT_EQ(poll(reactor), 0U);

    EXPECT_TRUE(reactor.modify(source, reading));
    EXPECT_EQ(poll(reactor), 1U);
}

}  // namespace
}  // namespace eventp::support
