// SPDX-License-Identifier: MIT
//
// requeue(): the handler runs again in the next turn, without a system call.
#include <stdexcept>

#include <gtest/gtest.h>

#include "support/files.hpp"
#include "support/source.hpp"

namespace eventp::support {
namespace {

/// Asks for one more turn until it has run `runs` times.
Source::Action until(int runs) {
    return [runs](Source& self, ReactorOps& by) {
        if (self.calls < runs) {
            EXPECT_TRUE(by.requeue(self.name));
        }
    };
}

TEST(ReactorAgain, RunsTheHandlerOnceMoreWithTheSameReadinessAndNoWait) {  // [requeue]
    Reactor reactor;
    Source source{Interest{}.read_write().edge_triggered(), until(3)};
    source.add_to(reactor);
    source.signal();

    for (int turn = 1; turn <= 3; ++turn) {
        const auto ran = reactor.run_once();  // no time-out: nothing else would end the wait
        ASSERT_TRUE(ran);
        EXPECT_EQ(*ran, 1U);
        EXPECT_EQ(source.calls, turn);
        EXPECT_EQ(source.event, Event{EPOLLIN | EPOLLOUT});
    }

    EXPECT_EQ(poll(reactor), 0U);
    EXPECT_EQ(reactor.stats().events_reported, 1U);
}

TEST(ReactorAgain, TwiceInATurnCallsTheHandlerOnce) {  // [requeue]
    Reactor reactor;
    Source source{reading_edges, [](Source& self, ReactorOps& by) {
                      if (self.calls == 1) {
                          EXPECT_TRUE(by.requeue(self));
                          EXPECT_TRUE(by.requeue(self));
                          EXPECT_TRUE(by.requeue(self.name));
                      }
                  }};
    source.add_to(reactor);
    source.signal();

    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(poll(reactor), 0U);
}

TEST(ReactorAgain, IsReplacedByAnEventThatTheKernelReports) {  // [requeue]
    Reactor reactor;
    SocketPair sockets;
    std::vector<Event> seen;
    const auto name = interest()
                          .edge_triggered()
                          .read_write()
                          .with_fd(std::move(sockets.near))
                          .with_handler([&](Event event, RegistrationId self, ReactorOps& by) {
                              seen.push_back(event);
                              if (seen.size() == 1) {
                                  EXPECT_TRUE(by.requeue(self));
                              }
                          })
                          .register_into(reactor);
    ASSERT_TRUE(name);
    EXPECT_EQ(poll(reactor), 1U);
    ASSERT_EQ(::write(sockets.far.fd(), "x", 1), 1);

    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(poll(reactor), 0U);

    EXPECT_EQ(seen, (std::vector{Event{EPOLLOUT}, Event{EPOLLIN | EPOLLOUT}}));
}

TEST(ReactorAgain, CallsALevelTriggeredSubscriberThatIsStillReadyOnce) {  // [requeue]
    Reactor reactor;
    Source source{reading, until(2)};
    source.add_to(reactor);
    source.signal();

    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(poll(reactor), 1U);
    source.drain();
    EXPECT_EQ(poll(reactor), 0U);
}

TEST(ReactorAgain, OmitsConditionsThatAreNoLongerRequested) {  // [requeue]
    Reactor reactor;
    Source source{Interest{}.read_write().edge_triggered(), [](Source& self, ReactorOps& by) {
                      if (self.calls == 1) {
                          EXPECT_TRUE(by.requeue(self));
                      }
                  }};
    source.add_to(reactor);
    source.signal();
    EXPECT_EQ(poll(reactor), 1U);
    source.drain();

    EXPECT_TRUE(reactor.modify(source, reading_edges));  // nothing to read: no report of its own

    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(source.event, Event{EPOLLIN});
    EXPECT_EQ(source.told, reading_edges);
}

TEST(ReactorAgain, DoesNotCallASubscriberIfNoConditionIsLeft) {  // [requeue]
    Reactor reactor;
    Source source{reading_edges, until(100)};
    source.add_to(reactor);
    source.signal();
    EXPECT_EQ(poll(reactor), 1U);

    EXPECT_TRUE(reactor.modify(source, Interest{}.priority()));

    EXPECT_EQ(poll(reactor), 0U);
    EXPECT_EQ(source.calls, 1);
}

TEST(ReactorAgain, DoesNotCallASubscriberThatWasRemovedSince) {  // [requeue] [remove.self]
    Reactor reactor;
    Source source{reading_edges, [](Source& self, ReactorOps& by) {
                      EXPECT_TRUE(by.requeue(self));
                      EXPECT_TRUE(by.remove(self));
                  }};
    source.add_to(reactor);
    source.signal();

    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(source.destroyed, 1);
    EXPECT_EQ(poll(reactor), 0U);
}

TEST(ReactorAgain,
     DoesNotCallASubscriberThatWasRemovedBetweenTurns) {  // [requeue] [remove.outside]
    Reactor reactor;
    Source source{reading_edges, until(100)};
    source.add_to(reactor);
    source.signal();
    EXPECT_EQ(poll(reactor), 1U);

    EXPECT_TRUE(reactor.remove(source));
    source.add_to(reactor);  // a successor under the number inherits nothing

    EXPECT_EQ(poll(reactor), 1U);  // the kernel's report to the successor
    EXPECT_EQ(source.calls, 2);
    EXPECT_EQ(source.told_name, source.name);
}

TEST(ReactorAgain, DoesNotCallASubscriberThatWasPausedSince) {  // [requeue] [modify.paused]
    Reactor reactor;
    Source source{reading_edges, until(2)};
    source.add_to(reactor);
    source.signal();
    EXPECT_EQ(poll(reactor), 1U);

    EXPECT_TRUE(reactor.modify(source, nothing));
    EXPECT_EQ(poll(reactor), 0U);

    source.drain();
    EXPECT_TRUE(reactor.modify(source, reading_edges));
    EXPECT_EQ(poll(reactor), 0U);
    EXPECT_EQ(source.calls, 1);
}

TEST(ReactorAgain, CallsAFiredOneShotSubscriberOnceMoreWithoutArmingIt) {  // [requeue]
    Reactor reactor;
    Source source{reading_once, until(2)};
    source.add_to(reactor);
    source.signal();

    EXPECT_EQ(poll(reactor), 1U);
    source.signal();
    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(source.calls, 2);
    EXPECT_EQ(poll(reactor), 0U);
}

TEST(ReactorAgain, LeavesAOneShotSubscriberThatWasArmedToTheKernel) {  // [requeue]
    Reactor reactor;
    Source ready{reading_once, [](Source& self, ReactorOps& by) {
                     if (self.calls == 1) {
                         EXPECT_TRUE(by.modify(self, reading_once));
                         EXPECT_TRUE(by.requeue(self));
                     }
                 }};
    Source drained{reading_once, [](Source& self, ReactorOps& by) {
                       self.drain();
                       EXPECT_TRUE(by.requeue(self));
                       EXPECT_TRUE(by.modify(self, reading_once));
                       EXPECT_TRUE(by.requeue(self));
                   }};
    ready.add_to(reactor);
    drained.add_to(reactor);
    ready.signal();
    drained.signal();

    EXPECT_EQ(poll(reactor), 2U);
    EXPECT_EQ(poll(reactor), 1U);

    EXPECT_EQ(ready.calls, 2);
    EXPECT_EQ(drained.calls, 1);
    EXPECT_EQ(poll(reactor), 0U);
}

TEST(ReactorAgain, OfAnotherRunsItInTheNextTurn) {  // [requeue]
    Reactor reactor;
    Crowd crowd{reactor, 2, reading_edges};
    crowd.then = [&](std::size_t position, Source&, ReactorOps& by) {
        if (position == 0) {
            EXPECT_TRUE(by.requeue(crowd.waiting()));  // its event is still to come
        }
    };
    crowd.signal_all();

    EXPECT_EQ(poll(reactor), 2U);
    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(crowd.order.at(1), crowd.order.at(2));
    EXPECT_EQ(poll(reactor), 0U);
}

TEST(ReactorAgain, ReturnsFalseForUnknownIdleAndPausedSubscribers) {  // [requeue]
    Reactor reactor;
    Source idle;
    idle.add_to(reactor);
    Source paused{nothing};
    paused.add_to(reactor);
    Source source{reading, [&](Source& self, ReactorOps& by) {
                      EXPECT_FALSE(by.requeue(RegistrationId{}));
                      EXPECT_FALSE(by.requeue(BorrowedFd{-1}));
                      EXPECT_FALSE(by.requeue(idle));
                      EXPECT_FALSE(by.requeue(paused));
                      EXPECT_TRUE(by.modify(self, nothing));
                      EXPECT_FALSE(by.requeue(self));
                  }};
    source.add_to(reactor);
    source.signal();

    EXPECT_EQ(poll(reactor), 1U);

    EXPECT_EQ(poll(reactor), 0U);
}

TEST(ReactorAgain, OutsideATurnReturnsFalse) {  // [requeue]
    Reactor reactor;
    Source source{reading_edges};
    source.add_to(reactor);
    source.signal();
    EXPECT_FALSE(reactor.requeue(source));
    EXPECT_EQ(poll(reactor), 1U);

    EXPECT_FALSE(reactor.requeue(source));

    EXPECT_EQ(poll(reactor), 0U);
}

TEST(ReactorAgain, OfMoreSubscribersThanAWaitCanReportLosesNone) {  // [requeue]
    auto reactor = Reactor::create({.event_capacity = 2});
    ASSERT_TRUE(reactor);
    Crowd crowd{*reactor, 9, reading_edges};
    crowd.then = [](std::size_t, Source& self, ReactorOps& by) {
        if (self.calls <= 10) {
            EXPECT_TRUE(by.requeue(self));
        }
    };
    crowd.signal_all();

    for (int turn = 0; turn < 60; ++turn) {
        static_cast<void>(poll(*reactor));
    }

    for (const Source& member : crowd.members) {
        EXPECT_EQ(member.calls, 11);
    }
    EXPECT_EQ(poll(*reactor), 0U);
}

TEST(ReactorAgain, StaysFairToOthers) {  // [requeue]
    Reactor reactor;
    Source greedy{reading_edges, until(1000)};
    greedy.add_to(reactor);
    greedy.signal();
    EXPECT_EQ(poll(reactor), 1U);
    Source late;
    late.add_to(reactor);
    late.signal();

    EXPECT_EQ(poll(reactor), 2U);

    EXPECT_EQ(late.calls, 1);
    EXPECT_EQ(greedy.calls, 2);
}

#if defined(__cpp_exceptions)
TEST(ReactorAgain, WaitsUntilTheRestOfABatchIsDispatched) {  // [requeue] [dispatch.throws]
    Reactor reactor;
    const Crowd crowd{reactor, 3, reading_edges,
                      [](std::size_t position, Source& self, ReactorOps& by) {
                          if (position == 0) {
                              EXPECT_TRUE(by.requeue(self));
                              throw std::runtime_error{"first"};
                          }
                      }};
    crowd.signal_all();
    EXPECT_THROW(static_cast<void>(poll(reactor)), std::runtime_error);

    EXPECT_EQ(poll(reactor), 2U);
    EXPECT_EQ(poll(reactor), 1U);

    ASSERT_EQ(crowd.order.size(), 4U);
    EXPECT_EQ(crowd.order.front(), crowd.order.back());
    EXPECT_EQ(poll(reactor), 0U);
}
#endif

TEST(ReactorAgain, KeepsAOneShotWhoseEventIsStillToBeDispatched) {  // [requeue]
    Reactor reactor;
    Source first{reading_once};
    Source second{reading_once};
    const auto ask_for = [](Source& other) {
        return [&other](Source&, ReactorOps& by) {
            if (other.calls == 0) {
                EXPECT_TRUE(by.requeue(other.name));
            }
        };
    };
    first.then = ask_for(second);
    second.then = ask_for(first);
    for (Source* source : {&first, &second}) {
        source->add_to(reactor);
        source->signal();
    }

    EXPECT_EQ(poll(reactor), 2U);
    EXPECT_EQ(poll(reactor), 1U);  // the one that came second runs once more
    EXPECT_EQ(poll(reactor), 0U);
}

}  // namespace
}  // namespace eventp::support
