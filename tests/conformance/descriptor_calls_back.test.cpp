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

namespace eventp::support {
namespace {

/// What a Talker answers, and what it does before; the test changes both.
struct Talk {
    OwnedFd file = make_eventfd();
    int number = file.fd();
    std::function<void()> first;  // done once
    int calls = 0;
    int destroyed = 0;
    Registration name;
};

class Talker {
public:
    explicit Talker(Talk& talk) : talk_{talk} {}
    Talker(const Talker&) = delete;
    Talker& operator=(const Talker&) = delete;
    ~Talker() { ++talk_.destroyed; }

    [[nodiscard]] int fd() const {
        if (const auto action = std::exchange(talk_.first, nullptr)) {
            action();
        }
        return talk_.number;
    }
    [[nodiscard]] Interest interest() const { return reading; }
    void handle() const { ++talk_.calls; }

private:
    Talk& talk_;
};

class DescriptorThatCallsBack : public ::testing::Test {
protected:
    void add(Talk& talk) {
        auto subscriber = ThinSubscriber::make<Talker>(talk);
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
    auto subscriber = ThinSubscriber::make<Talker>(one);
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
    auto subscriber = ThinSubscriber::make<Talker>(one);
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

TEST_F(DescriptorThatCallsBack, KeepsItsRowFromANewcomerWhenItResumes) {  // [add.strong]
    add(one);
    ASSERT_TRUE(reactor.modify(one.name, nothing));
    other.number = one.number;
    one.first = [&] {
        ASSERT_TRUE(reactor.modify(one.name, reading));
        one.number = one.number + 1;
    };
    auto newcomer = ThinSubscriber::make<Talker>(other);

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
    one.first = [&] { ASSERT_TRUE(reactor.remove(one.name)); };

    add(other);

    EXPECT_EQ(one.destroyed, 1);
    EXPECT_EQ(entries_held(), 1U);
    EXPECT_TRUE(reactor.contains(other.name));
}

}  // namespace
}  // namespace eventp::support
