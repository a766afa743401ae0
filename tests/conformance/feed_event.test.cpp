// SPDX-License-Identifier: MIT
//
// feed_event(): a handler is called for readiness that the kernel does not know of.
#include <gtest/gtest.h>

#include <sys/epoll.h>

#include "support/files.hpp"
#include "support/source.hpp"

namespace eventp::support {
namespace {

TEST(ReactorFeedEvent, CallsTheHandlerInTheNextTurnWithoutAWait) {  // [feed_event]
    Reactor reactor;
    Source source{Interest{}.read_write().edge_triggered()};
    source.add_to(reactor);
    EXPECT_EQ(poll(reactor), 1U);  // it is writable

    EXPECT_TRUE(reactor.feed_event(source, Event{EPOLLIN}));
    EXPECT_EQ(reactor.run_once().value(), 1U);  // no time-out: nothing else would end the wait

    EXPECT_EQ(source.event, Event{EPOLLIN});
    EXPECT_EQ(poll(reactor), 0U);
}

TEST(ReactorFeedEvent, InAHandlerOfAnotherCallsItInTheNextTurn) {  // [feed_event]
    Reactor reactor;
    Source idle;
    idle.add_to(reactor);
    Source source{reading_edges, [&](Source&, ReactorOps& by) {
                      EXPECT_TRUE(by.feed_event(idle, Event{EPOLLIN}));
                      EXPECT_TRUE(by.feed_event(idle, Event{EPOLLHUP}));
                  }};
    source.add_to(reactor);
    source.signal();

    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(idle.calls, 0);
    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(idle.calls, 1);
    EXPECT_EQ(idle.event, Event{EPOLLIN | EPOLLHUP});
}

TEST(ReactorFeedEvent, IsAddedToWhatTheKernelReports) {  // [feed_event]
    Reactor reactor;
    SocketPair sockets;
    Source source{sockets.near.fd(), Interest{}.read_write()};
    source.add_to(reactor);

    EXPECT_TRUE(reactor.feed_event(source, Event{EPOLLIN}));
    EXPECT_EQ(poll(reactor), 1U);

    EXPECT_EQ(source.event, Event{EPOLLIN | EPOLLOUT});
    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(source.event, Event{EPOLLOUT});
}

TEST(ReactorFeedEvent, ReturnsFalseIfItCannotBeDelivered) {  // [feed_event]
    Reactor reactor;
    Source source;
    Source paused{nothing};
    Source once{reading_once};
    for (Source* each : {&source, &paused, &once}) {
        each->add_to(reactor);
    }

    EXPECT_FALSE(reactor.feed_event(source, Event{EPOLLOUT})) << "not in its interest";
    EXPECT_FALSE(reactor.feed_event(source, Event{}));
    EXPECT_FALSE(reactor.feed_event(paused, Event{EPOLLIN | EPOLLHUP}));
    EXPECT_FALSE(reactor.feed_event(once, Event{EPOLLIN}));
    EXPECT_FALSE(reactor.feed_event(RegistrationId{}, Event{EPOLLIN}));
    EXPECT_FALSE(reactor.feed_event(BorrowedFd{-1}, Event{EPOLLIN}));
    EXPECT_EQ(poll(reactor), 0U);
}

TEST(ReactorFeedEvent, DoesNotCallASubscriberThatWasRemovedOrPausedSince) {  // [feed_event]
    Reactor reactor;
    Source removed;
    Source paused;
    Source changed;
    for (Source* each : {&removed, &paused, &changed}) {
        each->add_to(reactor);
        EXPECT_TRUE(reactor.feed_event(*each, Event{EPOLLIN}));
    }

    EXPECT_TRUE(reactor.remove(removed));
    EXPECT_TRUE(reactor.modify(paused, nothing));
    EXPECT_TRUE(reactor.modify(changed, Interest{}.priority()));

    EXPECT_EQ(poll(reactor), 0U);
}

TEST(ReactorFeedEvent, MakesTheDescriptorOfTheReactorReadable) {  // [feed_event] [reactor.fd]
    Reactor reactor;
    Source source;
    source.add_to(reactor);
    const int outer = reactor.fd().value().fd();
    EXPECT_FALSE(is_readable(outer));

    EXPECT_TRUE(reactor.feed_event(source, Event{EPOLLIN}));
    EXPECT_TRUE(is_readable(outer));

    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(poll(reactor), 0U);
    EXPECT_FALSE(is_readable(outer));
}

TEST(ReactorFeedEvent, InADestructorOutsideATurnMakesTheDescriptorOfTheReactorReadable) {
    // [feed_event] [reactor.fd]
    Reactor reactor;
    Source source;
    source.add_to(reactor);
    Source removed;
    removed.on_destroy = [&] { EXPECT_TRUE(reactor.feed_event(source, Event{EPOLLIN})); };
    removed.add_to(reactor);
    const int outer = reactor.fd().value().fd();

    EXPECT_TRUE(reactor.remove(removed));

    EXPECT_TRUE(is_readable(outer));
    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(source.calls, 1);
}

TEST(ReactorFeedEvent, OfARequeuedSubscriberCallsItOnceWithBoth) {  // [feed_event] [requeue]
    Reactor reactor;
    Source source{Interest{}.read_write().edge_triggered(), [](Source& self, ReactorOps& by) {
                      if (self.calls == 1) {
                          EXPECT_TRUE(by.feed_event(self, Event{EPOLLIN}));
                          EXPECT_TRUE(by.requeue(self));
                      }
                  }};
    source.add_to(reactor);

    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(source.event, Event{EPOLLOUT});
    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(source.event, Event{EPOLLIN | EPOLLOUT});
    EXPECT_EQ(poll(reactor), 0U);
}

}  // namespace
}  // namespace eventp::support
