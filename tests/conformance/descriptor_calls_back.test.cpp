// SPDX-License-Identifier: MIT
//
// A reactor asks subscribers for their descriptor, which is their own code: it may call back and
// change what the reactor was about to do.
#include <functional>
#include <utility>

#include <gtest/gtest.h>

#include "support/files.hpp"
#include "support/kernel_set.hpp"
#include "support/source.hpp"
#include "support/talker.hpp"

namespace eventp::support {
namespace {

class DescriptorThatCallsBack : public ::testing::Test {
protected:
    void add(Talk& talk) {
        auto subscriber = AnySubscriber::make<Talker>(talk);
        const auto added = reactor.add(subscriber);
        ASSERT_TRUE(added);
        talk.name = *added;
    }

    Talk one;
    Talk other;
    Reactor reactor;
};

TEST_F(DescriptorThatCallsBack,
       LeavesNoEntryWhenItResumesItsSubscriberUnderAnotherNumber) {  // [modify.paused]
    const OwnedFd second = make_eventfd();
    add(one);
    ASSERT_TRUE(reactor.modify(one.name, nothing));
    one.first = [&] {
        ASSERT_TRUE(reactor.modify(one.name, reading));
        one.number = second.fd();
    };

    ASSERT_TRUE(reactor.modify(one.name, reading.edge_triggered()));
    EXPECT_EQ(entries_held(), 1U);

    EXPECT_TRUE(reactor.remove(one.name));
    EXPECT_EQ(entries_held(), 0U) << "the kernel has the address of a subscriber that is gone";
}

TEST_F(DescriptorThatCallsBack, MayRemoveItsSubscriber) {  // [modify.paused]
    add(one);
    ASSERT_TRUE(reactor.modify(one.name, nothing));
    one.first = [&] { ASSERT_TRUE(reactor.remove(one.name)); };

    EXPECT_EQ(error_of(reactor.modify(one.name, reading)), std::errc::no_such_file_or_directory);
    EXPECT_EQ(one.destroyed, 1);
    EXPECT_EQ(entries_held(), 0U);
}

TEST_F(DescriptorThatCallsBack, EndsWithTheSubscriberThatItRemovesWhenItHasReturned) {
    // [modify.paused] [remove.outside]
    add(one);
    ASSERT_TRUE(reactor.modify(one.name, nothing));
    one.first = [&] {
        ASSERT_TRUE(reactor.remove(one.name));
        EXPECT_FALSE(reactor.contains(one.name));
        EXPECT_EQ(one.destroyed, 0);
    };

    EXPECT_FALSE(reactor.modify(one.name, reading));

    EXPECT_EQ(one.destroyed, 1);
}

TEST_F(DescriptorThatCallsBack, MayRemoveTheOneThatResumesUnderItsNumber) {  // [modify.paused]
    add(one);
    add(other);
    ASSERT_TRUE(reactor.modify(one.name, nothing));
    ASSERT_TRUE(reactor.modify(other.name, nothing));
    one.number = other.number;
    other.first = [&] {
        other.number = one.file.fd();
        ASSERT_TRUE(reactor.remove(one.name));
    };

    EXPECT_EQ(error_of(reactor.modify(one.name, reading)), std::errc::no_such_file_or_directory);
    EXPECT_EQ(one.destroyed, 1);
    EXPECT_EQ(entries_held(), 0U);
    EXPECT_TRUE(reactor.contains(other.name));
}

TEST_F(DescriptorThatCallsBack, CannotAddItsSubscriberTwice) {  // [add.strong]
    auto subscriber = AnySubscriber::make<Talker>(one);
    one.first = [&] {
        const auto added = reactor.add(subscriber);
        ASSERT_TRUE(added);
        one.name = *added;
    };

    EXPECT_EQ(error_of(reactor.add(subscriber)), std::errc::invalid_argument);
    EXPECT_EQ(reactor.stats().registered, 1U);
    EXPECT_TRUE(reactor.contains(one.name));
}

TEST_F(DescriptorThatCallsBack, CannotAddItsSubscriberUnderTwoNumbers) {  // [add.strong]
    const OwnedFd second = make_eventfd();
    auto subscriber = AnySubscriber::make<Talker>(one);
    one.first = [&] {
        const auto added = reactor.add(subscriber);
        ASSERT_TRUE(added);
        one.name = *added;
        one.number = second.fd();
    };

    EXPECT_EQ(error_of(reactor.add(subscriber)), std::errc::invalid_argument);
    EXPECT_EQ(entries_held(), 1U);
    EXPECT_TRUE(reactor.remove(one.name));
    EXPECT_EQ(entries_held(), 0U);
}

TEST_F(DescriptorThatCallsBack, HasItsSubscriberAddedWithTheInterestThatItLeavesThere) {
    // [add.strong]
    for (const Interest changed : {Interest{}.write().oneshot(), Interest{}.read_write()}) {
        Talk talk;
        auto subscriber = AnySubscriber::make<Talker>(talk);
        talk.first = [&] {
            const auto added = reactor.add(subscriber);
            ASSERT_TRUE(added);
            ASSERT_TRUE(reactor.modify(*added, changed));
            subscriber = reactor.extract(*added);
            ASSERT_TRUE(subscriber);
        };
        const auto added = reactor.add(subscriber);
        ASSERT_TRUE(added);

        const auto entries = entries_of(working_set());
        ASSERT_EQ(entries.size(), 2U);
        EXPECT_EQ(entries.back().events & ~(EPOLLERR | EPOLLHUP), changed.bits());
        EXPECT_EQ(poll(reactor), 1U);
        EXPECT_EQ(talk.told, changed);
        EXPECT_EQ(poll(reactor), changed.is_oneshot() ? 0U : 1U);
        EXPECT_TRUE(reactor.remove(*added));
    }
}

TEST_F(DescriptorThatCallsBack, HasItsSubscriberAddedPausedWhenItLeavesItSo) {
    // [add.strong] [modify.paused]
    ASSERT_EQ(::eventfd_write(one.file.fd(), 1), 0);
    auto subscriber = AnySubscriber::make<Talker>(one);
    one.first = [&] {
        const auto added = reactor.add(subscriber);
        ASSERT_TRUE(added);
        ASSERT_TRUE(reactor.modify(*added, nothing));
        subscriber = reactor.extract(*added);
        ASSERT_TRUE(subscriber);
    };
    const auto added = reactor.add(subscriber);
    ASSERT_TRUE(added);

    EXPECT_EQ(entries_held(), 0U);
    EXPECT_EQ(poll(reactor), 0U);
    EXPECT_TRUE(reactor.modify(*added, reading));
    EXPECT_EQ(poll(reactor), 1U);
}

TEST_F(DescriptorThatCallsBack, KeepsItsRowFromANewcomerWhenItResumes) {  // [add.strong]
    add(one);
    ASSERT_TRUE(reactor.modify(one.name, nothing));
    other.number = one.number;
    one.first = [&] {
        ASSERT_TRUE(reactor.modify(one.name, reading));
        one.number = one.number + 1;
    };
    auto newcomer = AnySubscriber::make<Talker>(other);

    EXPECT_EQ(error_of(reactor.add(newcomer)), std::errc::file_exists);
    EXPECT_TRUE(newcomer);
    ASSERT_EQ(::eventfd_write(one.file.fd(), 1), 0);
    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(one.calls, 1);
}

TEST_F(DescriptorThatCallsBack, MakesRoomForANewcomerWhenItRemovesItsSubscriber) {  // [add.strong]
    add(one);
    ASSERT_TRUE(reactor.modify(one.name, nothing));
    other.number = one.number;
    one.first = [&] {
        ASSERT_TRUE(reactor.remove(one.name));
        EXPECT_EQ(one.destroyed, 0);
    };

    add(other);

    EXPECT_EQ(one.destroyed, 1);
    EXPECT_EQ(entries_held(), 1U);
    EXPECT_TRUE(reactor.contains(other.name));
}

}  // namespace
}  // namespace eventp::support
