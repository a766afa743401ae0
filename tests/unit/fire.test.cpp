// SPDX-License-Identifier: MIT
#include <eventp/testing/fire.hpp>

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include <sys/epoll.h>

#include <eventp/testing/mock_reactor.hpp>

#include "support/probe.hpp"

namespace eventp {
namespace {

using eventp::testing::fire;
using eventp::testing::MockReactor;
using support::Probe;
using ::testing::_;
using ::testing::NiceMock;

using MockFire = support::Mock;

TEST_F(MockFire, CallsARegisteredHandlerWithTheEventItsIdAndTheMock)  // [mock.fire]
{
    std::vector<RegistrationId> told;
    ReactorOps* by = nullptr;
    const RegistrationId name = add(7, [&](ReactorOps& ops, RegistrationId self) {
        told.push_back(self);
        by = &ops;
    });

    fire(name, Event{EPOLLIN | EPOLLRDHUP}, reactor);
    fire(BorrowedFd{7}, Event{EPOLLERR}, reactor);

    EXPECT_EQ(told, (std::vector{name, name}));
    EXPECT_EQ(by, &reactor);
    EXPECT_EQ(reactor.find<Probe>(name)->event, Event{EPOLLERR});
}

TEST_F(MockFire, CallsTheHandlerWhateverTheInterestIs)  // [mock.fire]
{
    const RegistrationId once = add(7, {}, Interest{}.read().oneshot());
    const RegistrationId paused = add(8, {}, Interest{});

    fire(once, Event{EPOLLOUT}, reactor);
    fire(once, Event{EPOLLIN}, reactor);
    fire(paused, Event{EPOLLHUP}, reactor);

    EXPECT_EQ(reactor.find<Probe>(once)->calls, 2);
    EXPECT_EQ(reactor.find<Probe>(paused)->calls, 1);
}

TEST_F(MockFire, CallsASubscriberThatIsNotRegistered)  // [mock.fire]
{
    RegistrationId told{1, 1};
    ReactorOps* by = nullptr;
    auto subscriber =
        AnySubscriber::make<Probe>(7, destroyed, [&](ReactorOps& ops, RegistrationId self) {
            told = self;
            by = &ops;
        });

    fire(subscriber, Event{EPOLLIN}, reactor);

    EXPECT_TRUE(subscriber);
    EXPECT_EQ(told, RegistrationId(7, 0));
    EXPECT_EQ(by, &reactor);
    EXPECT_EQ(subscriber.find<Probe>()->told, Interest{}.read());
    EXPECT_EQ(subscriber.find<Probe>()->event, Event{EPOLLIN});
}

TEST_F(MockFire, CallsASubscriberThatAHandlerHasAdded)  // [mock.fire]
{
    const RegistrationId listener = add(7, [&](ReactorOps& by, RegistrationId /*self*/) {
        auto connection = AnySubscriber::make<Probe>(8, destroyed);
        EXPECT_TRUE(by.add(connection));
    });

    EXPECT_CALL(reactor, add(_));
    fire(listener, Event{EPOLLIN}, reactor);
    fire(BorrowedFd{8}, Event{EPOLLIN}, reactor);

    ASSERT_EQ(reactor.size(), 2U);
    EXPECT_EQ(reactor.find<Probe>(BorrowedFd{8})->calls, 1);
}

TEST_F(MockFire, FailsTheTestIfNothingIsRegisteredUnderTheKey)  // [mock.fire]
{
    static NiceMock<MockReactor>* mock = nullptr;
    mock = &reactor;

    EXPECT_NONFATAL_FAILURE(fire(RegistrationId(7, 42), Event{}, *mock), "under 7#42");
    EXPECT_NONFATAL_FAILURE(
        {
            AnySubscriber empty;
            fire(empty, Event{}, *mock);
        },
        "the subscriber is empty");
}

#if defined(__cpp_exceptions)
TEST_F(MockFire, DestroysRemovedSubscribersEvenIfTheHandlerThrows)  // [mock.fire]
{
    const RegistrationId name = add(7, [](ReactorOps& by, RegistrationId self) {
        by.remove(self);
        throw std::string{"from the handler"};
    });

    EXPECT_THROW(fire(name, Event{EPOLLIN}, reactor), std::string);

    EXPECT_EQ(destroyed, 1);
}
#endif

}  // namespace
}  // namespace eventp
