// SPDX-License-Identifier: MIT
#include <eventp/testing/mock_reactor.hpp>

#include <cerrno>
#include <system_error>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/epoll.h>

#include <eventp/testing/fire.hpp>

#include "support/source.hpp"
#include "unit/mock.hpp"

namespace eventp {
namespace {

using eventp::testing::fire;
using eventp::testing::MockReactor;
using support::Mock;
using support::Source;
using ::testing::_;
using ::testing::NiceMock;
using ::testing::Return;

using MockAdd = Mock;

TEST_F(MockAdd, RegistersTheSubscriberUnderANewId)  // [mock.keeps]
{
    AnySubscriber subscriber = make(7).make();

    const auto name = reactor.add(subscriber);

    ASSERT_TRUE(name);
    EXPECT_FALSE(subscriber);
    EXPECT_EQ(name->fd(), 7);
    EXPECT_NE(name->generation(), 0U);
    EXPECT_EQ(reactor.size(), 1U);
    EXPECT_EQ(destroyed, 0);
}

TEST_F(MockAdd, GivesEachRegistrationAGenerationOfItsOwn)  // [mock.keeps]
{
    const RegistrationId first = add(7);
    reactor.remove(first);
    const RegistrationId second = add(7);

    EXPECT_NE(first, second);
    EXPECT_FALSE(reactor.contains(first));
    EXPECT_TRUE(reactor.contains(second));
}

TEST_F(MockAdd, RefusesWhatAReactorRefuses)  // [mock.keeps]
{
    add(7);
    AnySubscriber empty;

    EXPECT_EQ(refusal(7), std::errc::file_exists);
    EXPECT_EQ(refusal(-1), std::errc::bad_file_descriptor);
    EXPECT_EQ(refusal(8, Interest{}.exclusive().oneshot()), std::errc::invalid_argument);
    EXPECT_EQ(reactor.add(empty).error(), std::errc::invalid_argument);
    EXPECT_EQ(reactor.size(), 1U);
}

TEST_F(MockAdd, FailsWithOperationCanceledInTheDestructorsThatItRuns)  // [mock.keeps]
{
    std::error_code answer;
    Source kept{7};
    Source late{8};
    {
        NiceMock<MockReactor> mock;
        kept.on_destroy = [&] {
            AnySubscriber subscriber = late.make();
            answer = mock.add(subscriber).error();
        };
        kept.add_to(mock);
    }

    EXPECT_EQ(kept.destroyed, 1);
    EXPECT_EQ(answer, std::errc::operation_canceled);
}

TEST_F(MockAdd, ReturnsWhatTheActionOfATestReturns)  // [mock.methods]
{
    const std::error_code full{ENOSPC, std::system_category()};
    EXPECT_CALL(reactor, add(_)).WillOnce(Return(std::unexpected{full}));

    EXPECT_EQ(refusal(7), std::errc::no_space_on_device);
    EXPECT_EQ(reactor.size(), 0U);
}

TEST_F(Mock, ExpectsEveryOperationWithoutAmbiguity)  // [mock.methods]
{
    const RegistrationId name{7, 42};
    EXPECT_CALL(reactor, modify(RegistrationKey{name}, Interest{}.write()));
    EXPECT_CALL(reactor, remove(RegistrationKey{name})).WillOnce(Return(true));
    EXPECT_CALL(reactor, remove_now(::testing::Eq(name))).WillOnce(Return(true));
    EXPECT_CALL(reactor, extract(_));
    EXPECT_CALL(reactor, contains(RegistrationKey{BorrowedFd{7}})).WillOnce(Return(true));
    EXPECT_CALL(reactor, requeue).WillOnce(Return(true));
    EXPECT_CALL(reactor, stop());

    ReactorOps& operations = reactor;
    EXPECT_EQ(operations.modify(name, Interest{}.write()).error(),
              std::errc::no_such_file_or_directory);
    EXPECT_TRUE(operations.remove(name));
    EXPECT_TRUE(operations.remove_now(name));
    EXPECT_FALSE(operations.extract(name));
    EXPECT_TRUE(operations.contains(BorrowedFd{7}));
    EXPECT_TRUE(operations.requeue(name));
    operations.stop();
}

TEST_F(Mock, PrintsIdsAndFlagsWhenAnExpectationFails)  // [mock.methods]
{
    EXPECT_EQ(::testing::PrintToString(Interest{}.read().oneshot()), "EPOLLIN|EPOLLONESHOT");
    EXPECT_EQ(::testing::PrintToString(Event{EPOLLHUP}), "EPOLLHUP");
    EXPECT_EQ(::testing::PrintToString(RegistrationId{7, 42}), "7#42");
    EXPECT_EQ(::testing::PrintToString(RegistrationKey{BorrowedFd{7}}), "7#0");
}

TEST_F(Mock, FindsNoSubscriberWhoseHandlerIsRunning)  // [mock.inspects] [find]
{
    add(8);
    const RegistrationId name = add(7, [](Source& self, ReactorOps& by) {
        EXPECT_EQ(by.find<Source::Tap>(self.name), nullptr);
        EXPECT_NE(by.find<Source::Tap>(BorrowedFd{8}), nullptr);
        EXPECT_EQ(by.interest_of(self.name), Interest{}.read());
        EXPECT_EQ(by.size(), 2U);
    });

    fire(name, Event{EPOLLIN}, reactor);

    EXPECT_NE(reactor.find<Source::Tap>(name), nullptr);
}

TEST_F(Mock, FindsARegisteredSubscriberByItsType)  // [mock.inspects]
{
    const RegistrationId name = add(7);

    ASSERT_NE(reactor.find<Source::Tap>(name), nullptr);
    EXPECT_EQ(reactor.find<Source::Tap>(BorrowedFd{7})->fd(), 7);
    EXPECT_EQ(reactor.find<OwnedFd>(name), nullptr);
    EXPECT_EQ(reactor.find<Source::Tap>(BorrowedFd{8}), nullptr);
}

using MockModify = Mock;

TEST_F(MockModify, ChangesTheInterestThatTheHandlerReceives)  // [mock.modify]
{
    const RegistrationId name = add(7);

    EXPECT_TRUE(reactor.modify(name, Interest{}.write()));

    EXPECT_EQ(reactor.interest_of(name), Interest{}.write());
    fire(name, Event{EPOLLOUT}, reactor);
    EXPECT_EQ(source(name).told, Interest{}.write());
}

TEST_F(MockModify, RefusesWhatAReactorRefusesAndChangesNothing)  // [mock.modify]
{
    const RegistrationId name = add(7);
    const RegistrationId exclusive = add(8, {}, Interest{}.read().exclusive());

    EXPECT_EQ(reactor.modify(BorrowedFd{9}, Interest{}).error(),
              std::errc::no_such_file_or_directory);
    EXPECT_EQ(reactor.modify(name, Interest{1U << 20U}).error(), std::errc::invalid_argument);
    EXPECT_EQ(reactor.modify(name, Interest{}.read().exclusive()).error(),
              std::errc::invalid_argument);
    EXPECT_EQ(reactor.modify(exclusive, Interest{}.read()).error(), std::errc::invalid_argument);
    EXPECT_EQ(reactor.interest_of(name), Interest{}.read());
    EXPECT_EQ(reactor.interest_of(BorrowedFd{9}), Interest{});
}

TEST_F(MockModify, PausesAnExclusiveSubscriberAndResumesItWithAnyInterest)  // [mock.modify]
{
    const RegistrationId name = add(7, {}, Interest{}.read().exclusive());

    EXPECT_TRUE(reactor.modify(name, Interest{}));
    EXPECT_EQ(reactor.interest_of(name), Interest{});
    EXPECT_TRUE(reactor.modify(name, Interest{}.write()));
    EXPECT_TRUE(reactor.modify(name, Interest{}));
    EXPECT_TRUE(reactor.modify(name, Interest{}.read().exclusive()));
    EXPECT_EQ(reactor.interest_of(name), Interest{}.read().exclusive());
}

using MockRemove = Mock;

TEST_F(MockRemove, DestroysAtOnceIfNoHandlerIsRunning)  // [mock.remove]
{
    EXPECT_TRUE(reactor.remove(add(7)));
    EXPECT_EQ(destroyed, 1);
    EXPECT_TRUE(reactor.remove_now(add(7)));
    EXPECT_EQ(destroyed, 2);
    EXPECT_FALSE(reactor.remove(BorrowedFd{7}));
    EXPECT_FALSE(reactor.remove_now(BorrowedFd{7}));
}

TEST_F(MockRemove, DestroysTheRunningSubscriberWhenItsHandlerHasReturned)  // [mock.remove]
{
    for (const bool now : {false, true}) {
        const int before = destroyed;
        const RegistrationId name = add(7, [&](Source& self, ReactorOps& by) {
            EXPECT_TRUE(now ? by.remove_now(self.name) : by.remove(self.name));
            EXPECT_EQ(destroyed, before) << "destroyed under its own handler";
            EXPECT_FALSE(by.contains(self.name));
        });

        fire(name, Event{EPOLLIN}, reactor);

        EXPECT_EQ(destroyed, before + 1);
    }
}

TEST_F(MockRemove, DestroysAnotherWhenTheHandlerHasReturnedOrAtOnce)  // [mock.remove]
{
    const RegistrationId later = add(8);
    const RegistrationId now = add(9);
    std::vector<int> seen;
    const RegistrationId name = add(7, [&](Source&, ReactorOps& by) {
        by.remove(later);
        seen.push_back(destroyed);
        by.remove_now(now);
        seen.push_back(destroyed);
    });

    fire(name, Event{EPOLLIN}, reactor);

    EXPECT_EQ(seen, (std::vector{0, 1}));
    EXPECT_EQ(destroyed, 2);
    EXPECT_TRUE(reactor.contains(name));
}

TEST_F(MockRemove, LetsADestructorRemoveAnother)  // [mock.remove]
{
    const RegistrationId other = add(8);
    const RegistrationId name = add(7);
    source(name).on_destroy = [&] {
        ++destroyed;
        reactor.remove(other);
    };

    EXPECT_TRUE(reactor.remove(name));

    EXPECT_EQ(destroyed, 2);
    EXPECT_EQ(reactor.size(), 0U);
}

TEST_F(Mock, ExtractReturnsAnySubscriberButTheRunningOne)  // [mock.extract]
{
    const RegistrationId other = add(8);
    const RegistrationId name = add(7, [&](Source& self, ReactorOps& by) {
        EXPECT_FALSE(by.extract(self.name));
        EXPECT_TRUE(by.contains(self.name));
    });

    fire(name, Event{EPOLLIN}, reactor);
    AnySubscriber taken = reactor.extract(other);

    EXPECT_TRUE(taken);
    EXPECT_FALSE(reactor.contains(other));
    EXPECT_FALSE(reactor.extract(other));
    EXPECT_EQ(destroyed, 0);
    EXPECT_EQ(reactor.add(taken)->fd(), 8);
}

TEST_F(Mock, FeedsEventsThatTheInterestHas)  // [mock.requeue]
{
    const RegistrationId name = add(7);

    EXPECT_TRUE(reactor.feed_event(name, Event{EPOLLIN | EPOLLOUT}));
    EXPECT_TRUE(reactor.feed_event(name, Event{EPOLLHUP}));
    EXPECT_FALSE(reactor.feed_event(name, Event{EPOLLOUT}));
    EXPECT_FALSE(reactor.feed_event(BorrowedFd{8}, Event{EPOLLIN}));
    EXPECT_TRUE(reactor.modify(name, Interest{}));
    EXPECT_FALSE(reactor.feed_event(name, Event{EPOLLHUP}));
}

TEST_F(Mock, ContainsTakesIdsAndDescriptors)  // [mock.contains]
{
    const RegistrationId name = add(7);

    EXPECT_TRUE(reactor.contains(name));
    EXPECT_TRUE(reactor.contains(BorrowedFd{7}));
    EXPECT_FALSE(reactor.contains(RegistrationId(7, name.generation() + 1)));
    EXPECT_FALSE(reactor.contains(RegistrationId{}));
    EXPECT_FALSE(reactor.contains(BorrowedFd{8}));
}

TEST_F(Mock, RequeueReturnsTrueForTheRunningSubscriberOnly)  // [mock.requeue]
{
    const RegistrationId other = add(8);
    bool self_answer = false;
    bool other_answer = true;
    bool paused_answer = true;
    const RegistrationId name = add(7, [&](Source& self, ReactorOps& by) {
        self_answer = by.requeue(self.name);
        other_answer = by.requeue(other);
        EXPECT_TRUE(by.modify(self.name, Interest{}));
        paused_answer = by.requeue(self.name);
    });

    fire(name, Event{EPOLLIN}, reactor);

    EXPECT_TRUE(self_answer);
    EXPECT_FALSE(other_answer);
    EXPECT_FALSE(paused_answer);
    EXPECT_FALSE(reactor.requeue(name));
}

}  // namespace
}  // namespace eventp
