// SPDX-License-Identifier: MIT
//
// remove() and remove_now(): when the subscriber is destroyed, and that it is never called again.
#include <gtest/gtest.h>

#include "support/files.hpp"
#include "support/source.hpp"

namespace eventp::support {
namespace {

using Remove = bool (ReactorOps::*)(RegistrationKey);

/// What remove() and remove_now() promise alike.
class ReactorRemoveEither : public testing::TestWithParam<Remove> {
protected:
    static bool remove(ReactorOps& by, RegistrationKey key) { return (by.*GetParam())(key); }
};

INSTANTIATE_TEST_SUITE_P(Way, ReactorRemoveEither,
                         testing::Values(&ReactorOps::remove, &ReactorOps::remove_now),
                         [](const auto& tested) {
                             return tested.param == &ReactorOps::remove ? "remove" : "remove_now";
                         });

TEST_P(ReactorRemoveEither, DestroysBeforeItReturnsOutsideDispatch) {
    // [remove.outside] [remove.now]
    Reactor reactor;
    Source source;
    const RegistrationId name = source.add_to(reactor);
    source.signal();
    EXPECT_TRUE(remove(reactor, name));

    EXPECT_EQ(source.destroyed, 1);
    EXPECT_FALSE(reactor.contains(name));
    EXPECT_EQ(reactor.stats().registered, 0U);
    EXPECT_EQ(poll(reactor), 0U);
}

TEST_P(ReactorRemoveEither, ClosesTheDescriptorThatTheSubscriberOwns) {  // [remove.outside]
    Reactor reactor;
    OwnedFd file = make_eventfd();
    const int number = file.fd();
    ASSERT_TRUE(
        interest().read().with_fd(std::move(file)).with_handler([] {}).register_into(reactor));

    EXPECT_TRUE(remove(reactor, BorrowedFd{number}));

    EXPECT_FALSE(is_open(number));
}

TEST_P(ReactorRemoveEither, ReturnsFalseForAnUnknownId) {  // [registration.stale]
    Reactor reactor;
    Source source;
    const RegistrationId stale = source.add_to(reactor);
    EXPECT_TRUE(remove(reactor, stale));
    source.add_to(reactor);

    EXPECT_FALSE(remove(reactor, stale));
    EXPECT_FALSE(remove(reactor, RegistrationId{}));
    EXPECT_FALSE(remove(reactor, RegistrationId{source.fd(), 0}));
    EXPECT_FALSE(remove(reactor, BorrowedFd{-1}));
    EXPECT_FALSE(remove(reactor, BorrowedFd{1'000'000'000}));

    EXPECT_EQ(source.destroyed, 1);
    EXPECT_TRUE(reactor.contains(source));
}

TEST_P(ReactorRemoveEither, OfTheRunningSubscriberDestroysItWhenItsHandlerHasReturned) {
    // [remove.self] [remove.now]
    Reactor reactor;
    Source source{reading, [](Source& self, ReactorOps& by) {
                      EXPECT_TRUE(remove(by, self.name));
                      EXPECT_FALSE(by.contains(self.name));
                      EXPECT_FALSE(by.contains(self));
                      EXPECT_EQ(self.destroyed, 0);
                  }};
    source.add_to(reactor);
    source.signal();

    EXPECT_EQ(poll(reactor), 1U);

    EXPECT_EQ(source.destroyed, 1);
    EXPECT_EQ(poll(reactor), 0U);
    EXPECT_EQ(source.calls, 1);
}

TEST_P(ReactorRemoveEither, OfTheRunningSubscriberDestroysItBeforeTheNextEvent) {
    // [remove.self]
    Reactor reactor;
    Crowd crowd{reactor, 4, reading};
    crowd.then = [&](std::size_t position, Source& self, ReactorOps& by) {
        for (std::size_t before = 0; before < position; ++before) {
            EXPECT_EQ(crowd.order[before]->destroyed, 1);
        }
        EXPECT_TRUE(remove(by, self.name));
    };
    crowd.signal_all();

    EXPECT_EQ(poll(reactor), 4U);

    EXPECT_EQ(crowd.order.back()->destroyed, 1);
}

TEST_P(ReactorRemoveEither, OfTheRunningSubscriberTwiceReturnsFalseTheSecondTime) {
    // [remove.self]
    Reactor reactor;
    Source source{reading, [](Source& self, ReactorOps& by) {
                      EXPECT_TRUE(remove(by, self));
                      EXPECT_FALSE(remove(by, self));
                      EXPECT_FALSE(remove(by, self.name));
                  }};
    source.add_to(reactor);
    source.signal();

    EXPECT_EQ(poll(reactor), 1U);

    EXPECT_EQ(source.destroyed, 1);
}

TEST_P(ReactorRemoveEither, DropsThePendingEventOfAnother) {  // [remove.pending]
    Reactor reactor;
    Crowd crowd{reactor, 3, reading};
    crowd.then = [&](std::size_t position, Source& self, ReactorOps& by) {
        if (position == 0) {
            for (const Source& other : crowd.members) {
                if (&other != &self) {
                    EXPECT_TRUE(remove(by, other.name));
                }
            }
        }
    };
    crowd.signal_all();

    EXPECT_EQ(poll(reactor), 1U);

    EXPECT_EQ(crowd.order.size(), 1U);
    EXPECT_EQ(reactor.stats().events_dropped, 2U);
    EXPECT_EQ(reactor.stats().registered, 1U);
    EXPECT_EQ(poll(reactor), 1U);
}

TEST_P(ReactorRemoveEither, OfASubscriberThatHasRunInThisBatchIsSafe) {  // [remove.pending]
    Reactor reactor;
    Crowd crowd{reactor, 3, reading};
    crowd.then = [&](std::size_t position, Source&, ReactorOps& by) {
        if (position == 2) {
            EXPECT_TRUE(remove(by, crowd.order[0]->name));
            EXPECT_TRUE(remove(by, crowd.order[1]->name));
        }
    };
    crowd.signal_all();

    EXPECT_EQ(poll(reactor), 3U);

    EXPECT_EQ(crowd.order[0]->destroyed, 1);
    EXPECT_EQ(crowd.order[1]->destroyed, 1);
    EXPECT_EQ(reactor.stats().events_dropped, 0U);
}

TEST_P(ReactorRemoveEither, OfASubscriberWithoutAnEventIsSafe) {  // [remove.other] [remove.now]
    Reactor reactor;
    Source idle;
    idle.add_to(reactor);
    Source source{reading, [&](Source&, ReactorOps& by) { remove(by, idle); }};
    source.add_to(reactor);
    source.signal();

    EXPECT_EQ(poll(reactor), 1U);

    EXPECT_EQ(idle.destroyed, 1);
    EXPECT_EQ(reactor.stats().quarantined, 0U);
}

TEST_P(ReactorRemoveEither, NeverRefusesADescriptorThatWasClosed) {  // [remove.always]
    Reactor reactor;
    Source source;
    const RegistrationId name = source.add_to(reactor);
    source.file.reset();

    EXPECT_TRUE(remove(reactor, name));

    EXPECT_FALSE(reactor.contains(name));
    EXPECT_EQ(reactor.stats().registered, 0U);
}

TEST_P(ReactorRemoveEither, NeverRefusesADescriptorThatItsHandlerReplaced) {
    // [remove.always] [remove.readd]: the reconnect idiom, which must not block the descriptor
    Reactor reactor;
    int calls = 0;
    OwnedFd file = make_eventfd(1);
    const int number = file.fd();
    const auto name = interest()
                          .read()
                          .with_fd(std::move(file))
                          .with_handler([&](OwnedFd& fd, RegistrationId self, ReactorOps& by) {
                              ++calls;
                              fd = make_eventfd(1);
                              EXPECT_TRUE(remove(by, self));
                          })
                          .register_into(reactor);
    ASSERT_TRUE(name);

    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(poll(reactor), 0U);

    EXPECT_EQ(calls, 1);
    const OwnedFd reused = make_eventfd_at(number, 1);
    Source again{number};
    again.add_to(reactor);
    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(again.calls, 1);
}

TEST_P(ReactorRemoveEither, LetsTheDescriptorBeRegisteredAgainAtOnce) {  // [remove.readd]
    Reactor reactor;
    Source source;
    source.add_to(reactor);
    for (int round = 0; round < 3; ++round) {
        const RegistrationId before = source.name;
        EXPECT_TRUE(remove(reactor, source));
        EXPECT_NE(source.add_to(reactor), before);
    }
    source.signal();

    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(source.destroyed, 3);
}

TEST_P(ReactorRemoveEither, LetsAHandlerMoveItsDescriptorIntoANewSubscriber) {  // [remove.readd]
    Reactor reactor;
    std::vector<std::string> order;
    const auto plain = interest()
                           .edge_triggered()
                           .read()
                           .with_fd(make_eventfd(1))
                           .with_handler([&](OwnedFd& fd, RegistrationId self, ReactorOps& by) {
                               order.emplace_back("plain");
                               EXPECT_TRUE(remove(by, self));
                               const auto upgraded =
                                   interest()
                                       .read()
                                       .with_fd(std::move(fd))
                                       .with_handler([&] { order.emplace_back("upgraded"); })
                                       .register_into(by);
                               ASSERT_TRUE(upgraded);
                               EXPECT_EQ(upgraded->fd(), self.fd());
                               EXPECT_NE(*upgraded, self);
                           })
                           .register_into(reactor);
    ASSERT_TRUE(plain);

    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(poll(reactor), 1U);

    EXPECT_EQ(order, (std::vector<std::string>{"plain", "upgraded"}));
    EXPECT_TRUE(is_open(plain->fd()));
    EXPECT_EQ(reactor.stats().registered, 1U);
    EXPECT_EQ(reactor.stats().quarantined, 0U);
}

TEST_P(ReactorRemoveEither, RemovesASubscriberThatTheSameHandlerAdded) {  // [remove.readd]
    Reactor reactor;
    Source newcomer;
    newcomer.signal();
    Source source{reading, [&](Source&, ReactorOps& by) {
                      const RegistrationId name = newcomer.add_to(by);
                      EXPECT_TRUE(remove(by, name));
                      EXPECT_FALSE(by.contains(name));
                  }};
    source.add_to(reactor);
    source.signal();

    EXPECT_EQ(poll(reactor), 1U);

    EXPECT_EQ(newcomer.destroyed, 1);
    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(newcomer.calls, 0);
}

// --- where they differ --------------------------------------------------------------------------

TEST(ReactorRemove, OfAnotherDestroysItWhenTheRunningHandlerHasReturned) {  // [remove.other]
    Reactor reactor;
    Crowd crowd{reactor, 3, reading};
    Source* victim = nullptr;
    crowd.then = [&](std::size_t position, Source&, ReactorOps& by) {
        if (position == 0) {
            victim = &crowd.waiting();
            EXPECT_TRUE(by.remove(victim->name));
            EXPECT_FALSE(by.contains(victim->name));
            EXPECT_EQ(victim->destroyed, 0);
        } else {
            EXPECT_EQ(victim->destroyed, 1);
        }
    };
    crowd.signal_all();

    EXPECT_EQ(poll(reactor), 2U);

    EXPECT_EQ(victim->calls, 0);
}

/// A peer that removes both halves of a connection, itself included, and then uses itself.
struct Session {
    OwnedFd file = make_eventfd(1);
    std::string text = "a text that is too long for a small string";
    Session* peer = nullptr;
    RegistrationId name;
    std::string said;

    [[nodiscard]] int fd() const noexcept { return file.fd(); }
    [[nodiscard]] static Interest interest() { return reading; }
    void shut_down(ReactorOps& by) {
        EXPECT_TRUE(by.remove(name));
        said = "closed " + text;  // its members live as long as this call
    }
    void handle(ReactorOps& by) {
        if (peer != nullptr) {
            peer->shut_down(by);
            EXPECT_EQ(peer->said, "closed " + peer->text);
        }
    }
};

TEST(ReactorRemove, KeepsASubscriberAliveThroughWhichTheHandlerWasCalled) {  // [remove.other]
    Reactor reactor;
    AnySubscriber one = AnySubscriber::make<Session>();
    AnySubscriber two = AnySubscriber::make<Session>();
    Session* const second = two.find<Session>();
    one.find<Session>()->peer = second;
    ASSERT_TRUE(reactor.add(one));
    second->name = reactor.add(two).value();

    EXPECT_GE(poll(reactor), 1U);

    EXPECT_EQ(reactor.stats().registered, 1U);
}

TEST(ReactorRemoveNow, OfAnotherDestroysItBeforeItReturns) {  // [remove.now]
    Reactor reactor;
    Crowd crowd{reactor, 3, reading};
    Source* victim = nullptr;
    crowd.then = [&](std::size_t position, Source&, ReactorOps& by) {
        if (position == 0) {
            victim = &crowd.waiting();
            EXPECT_TRUE(by.remove_now(victim->name));
            EXPECT_EQ(victim->destroyed, 1);
            EXPECT_FALSE(by.contains(victim->name));
        }
    };
    crowd.signal_all();

    EXPECT_EQ(poll(reactor), 2U);

    EXPECT_EQ(victim->calls, 0);
    EXPECT_EQ(victim->destroyed, 1);
}

TEST(ReactorRemoveNow, ClosesTheDescriptorAtOnce) {  // [remove.now]
    Reactor reactor;
    OwnedFd file = make_eventfd();
    const int number = file.fd();
    ASSERT_TRUE(
        interest().read().with_fd(std::move(file)).with_handler([] {}).register_into(reactor));
    Source source{reading, [&](Source&, ReactorOps& by) {
                      EXPECT_TRUE(by.remove_now(BorrowedFd{number}));
                      EXPECT_FALSE(is_open(number));
                  }};
    source.add_to(reactor);
    source.signal();

    EXPECT_EQ(poll(reactor), 1U);
}

TEST(ReactorRemoveNow, AfterRemoveInTheSameHandlerFindsNothing) {  // [remove.now] [remove.other]
    Reactor reactor;
    Source idle;
    idle.add_to(reactor);
    Source source{reading, [&](Source&, ReactorOps& by) {
                      EXPECT_TRUE(by.remove(idle));
                      EXPECT_FALSE(by.remove_now(idle));
                      EXPECT_EQ(idle.destroyed, 0);
                  }};
    source.add_to(reactor);
    source.signal();

    EXPECT_EQ(poll(reactor), 1U);

    EXPECT_EQ(idle.destroyed, 1);
}

}  // namespace
}  // namespace eventp::support
