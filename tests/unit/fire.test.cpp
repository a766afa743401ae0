// SPDX-License-Identifier: MIT
#include <eventp/testing/fire.hpp>

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include <sys/epoll.h>

#include <eventp/testing/mock_reactor.hpp>

#include "support/source.hpp"
#include "unit/mock.hpp"

namespace eventp {
namespace {

using eventp::testing::fire;
using eventp::testing::MockReactor;
using support::Source;
using ::testing::_;
using ::testing::NiceMock;

using MockFire = support::Mock;

TEST_F(MockFire, CallsARegisteredHandlerWithTheEventItsIdAndTheMock)  // [mock.fire]
{
    std::vector<RegistrationId> told;
    ReactorOps* by = nullptr;
    const RegistrationId name = add(7, [&](Source& self, ReactorOps& ops) {
        told.push_back(self.told_name);
        by = &ops;
    });

    fire(name, Event{EPOLLIN | EPOLLRDHUP}, reactor);
    fire(BorrowedFd{7}, Event{EPOLLERR}, reactor);

    EXPECT_EQ(told, (std::vector{name, name}));
    EXPECT_EQ(by, &reactor);
    EXPECT_EQ(source(name).event, Event{EPOLLERR});
}

TEST_F(MockFire, CallsTheHandlerWhateverTheInterestIs)  // [mock.fire]
{
    const RegistrationId once = add(7, {}, Interest{}.read().oneshot());
    const RegistrationId paused = add(8, {}, Interest{});

    fire(once, Event{EPOLLOUT}, reactor);
    fire(once, Event{EPOLLIN}, reactor);
    fire(paused, Event{EPOLLHUP}, reactor);

    EXPECT_EQ(source(once).calls, 2);
    EXPECT_EQ(source(paused).calls, 1);
}

TEST_F(MockFire, CallsASubscriberThatIsNotRegistered)  // [mock.fire]
{
    ReactorOps* by = nullptr;
    Source& source = make(7, [&](Source&, ReactorOps& ops) { by = &ops; });
    source.told_name = RegistrationId{1, 1};
    AnySubscriber subscriber = source.make();

    fire(subscriber, Event{EPOLLIN}, reactor);

    EXPECT_TRUE(subscriber);
    EXPECT_EQ(source.told_name, RegistrationId(7, 0));
    EXPECT_EQ(by, &reactor);
    EXPECT_EQ(source.told, Interest{}.read());
    EXPECT_EQ(source.event, Event{EPOLLIN});
}

TEST_F(MockFire, CallsASubscriberThatAHandlerHasAdded)  // [mock.fire]
{
    Source& connection = make(8);
    const RegistrationId listener = add(7, [&](Source&, ReactorOps& by) { connection.add_to(by); });

    EXPECT_CALL(reactor, add(_));
    fire(listener, Event{EPOLLIN}, reactor);
    fire(BorrowedFd{8}, Event{EPOLLIN}, reactor);

    ASSERT_EQ(reactor.size(), 2U);
    EXPECT_EQ(connection.calls, 1);
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
    const RegistrationId name = add(7, [](Source& self, ReactorOps& by) {
        by.remove(self.name);
        throw std::string{"from the handler"};
    });

    EXPECT_THROW(fire(name, Event{EPOLLIN}, reactor), std::string);

    EXPECT_EQ(destroyed, 1);
}
#endif

}  // namespace
}  // namespace eventp
