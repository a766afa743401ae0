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

TEST_F(MockFire, CallsAKeptHandlerWithTheEventItsNameAndTheMock)  // [mock.fire]
{
    std::vector<Registration> told;
    ReactorOps* by = nullptr;
    const Registration name = add(7, [&](ReactorOps& ops, Registration self) {
        told.push_back(self);
        by = &ops;
    });

    fire(name, Event{EPOLLIN | EPOLLRDHUP}, reactor);
    fire(BorrowedFd{7}, Event{EPOLLERR}, reactor);

    EXPECT_EQ(told, (std::vector{name, name}));
    EXPECT_EQ(by, &reactor);
    EXPECT_EQ(reactor.find<Probe>(name)->event, Event{EPOLLERR});
}

TEST_F(MockFire, CallsWhateverTheInterestSays)  // [mock.fire]
{
    const Registration once = add(7, {}, Interest{}.read().oneshot());
    const Registration paused = add(8, {}, Interest{});

    fire(once, Event{EPOLLOUT}, reactor);
    fire(once, Event{EPOLLIN}, reactor);
    fire(paused, Event{EPOLLHUP}, reactor);

    EXPECT_EQ(reactor.find<Probe>(once)->calls, 2);
    EXPECT_EQ(reactor.find<Probe>(paused)->calls, 1);
}

TEST_F(MockFire, CallsASubscriberThatIsRegisteredNowhere)  // [mock.fire]
{
    Registration told{1, 1};
    ReactorOps* by = nullptr;
    auto subscriber =
        ThinSubscriber::make<Probe>(7, destroyed, [&](ReactorOps& ops, Registration self) {
            told = self;
            by = &ops;
        });

    fire(subscriber, Event{EPOLLIN}, reactor);

    EXPECT_TRUE(subscriber);
    EXPECT_EQ(told, Registration(7, 0));
    EXPECT_EQ(by, &reactor);
    EXPECT_EQ(subscriber.find<Probe>()->told, Interest{}.read());
    EXPECT_EQ(subscriber.find<Probe>()->event, Event{EPOLLIN});
}

TEST_F(MockFire, FiresWhatAFiredHandlerHasAdded)  // [mock.fire]
{
    const Registration listener = add(7, [&](ReactorOps& by, Registration /*self*/) {
        auto connection = ThinSubscriber::make<Probe>(8, destroyed);
        EXPECT_TRUE(by.add(connection));
    });

    EXPECT_CALL(reactor, add(_));
    fire(listener, Event{EPOLLIN}, reactor);
    fire(BorrowedFd{8}, Event{EPOLLIN}, reactor);

    ASSERT_EQ(reactor.size(), 2U);
    EXPECT_EQ(reactor.find<Probe>(BorrowedFd{8})->calls, 1);
}

TEST_F(MockFire, FailsTheTestForANameThatNothingIsKeptUnder)  // [mock.fire]
{
    static NiceMock<MockReactor>* mock = nullptr;
    mock = &reactor;

    EXPECT_NONFATAL_FAILURE(fire(Registration(7, 42), Event{}, *mock), "under 7#42");
    EXPECT_NONFATAL_FAILURE(
        {
            ThinSubscriber empty;
            fire(empty, Event{}, *mock);
        },
        "the subscriber is empty");
}

#if defined(__cpp_exceptions)
TEST_F(MockFire, DestroysTheRemovedAlsoWhenTheHandlerThrows)  // [mock.fire]
{
    const Registration name = add(7, [](ReactorOps& by, Registration self) {
        by.remove(self);
        throw std::string{"from the handler"};
    });

    EXPECT_THROW(fire(name, Event{EPOLLIN}, reactor), std::string);

    EXPECT_EQ(destroyed, 1);
}
#endif

}  // namespace
}  // namespace eventp
