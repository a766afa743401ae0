// SPDX-License-Identifier: MIT
//
// A subscriber that pauses while the quarantine holds its number: the kernel forgets it later.
#include <utility>

#include <gtest/gtest.h>

#include "support/ghosts.hpp"
#include "support/kernel_set.hpp"

namespace eventp::support {
namespace {

constexpr int number = 190;  // nobody else's

/// One under a number that a removed one holds; ready, and so is the one it may change to.
class PausedOnAHeldNumber : public testing::Test {
protected:
    /// Its first handler pauses it and goes on with this.
    void when_paused(Watched::Action action) {
        watched.then = [action = std::move(action)](Watched& self, ReactorOps& by) {
            self.then = {};
            EXPECT_TRUE(by.modify(self.name, nothing));
            action(self, by);
        };
        watched.add_to(reactor);
    }

    Reactor reactor;
    Ghost ghost{reactor, reading, number};
    OwnedFd file = make_eventfd_at(number, 1);
    OwnedFd next = make_eventfd(1);
    Watched watched{number};
};

TEST_F(PausedOnAHeldNumber, IsReportedUnderTheNumberOfItsNextDescriptor) {
    // [modify.paused] [ghost.number]
    when_paused([this](Watched& self, ReactorOps& by) {
        self.number = next.fd();
        file.reset();
        EXPECT_TRUE(by.modify(self.name, reading));
    });

    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(poll(reactor), 1U);

    EXPECT_EQ(watched.calls, 2);
    EXPECT_TRUE(reactor.contains(watched.name));
    EXPECT_TRUE(reactor.contains(BorrowedFd{next.fd()}));
    EXPECT_FALSE(reactor.contains(BorrowedFd{number}));
    EXPECT_EQ(reactor.stats().registered, 1U);
}

TEST_F(PausedOnAHeldNumber,
       IsNotReportedForItsFormerDescriptor) {  // [modify.paused] [ghost.number]
    const OwnedFd kept = duplicate(number);
    eventfd_t value = 0;
    ASSERT_EQ(::eventfd_read(next.fd(), &value), 0);
    when_paused([this](Watched& self, ReactorOps& by) {
        self.number = next.fd();
        file.reset();
        EXPECT_TRUE(by.modify(self.name, reading));
    });

    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(poll(reactor), 0U) << "the former file is ready, under another number";
    EXPECT_EQ(entries_held_under(number), 0);
    signal(next);
    EXPECT_EQ(poll(reactor), 1U);

    EXPECT_EQ(watched.calls, 2);
}

TEST_F(PausedOnAHeldNumber, CannotBeCalledAgain) {  // [requeue] [modify.paused]
    when_paused([](Watched& self, ReactorOps& by) { EXPECT_FALSE(by.requeue(self.name)); });

    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(poll(reactor), 0U);

    EXPECT_EQ(watched.calls, 1);
}

TEST_F(PausedOnAHeldNumber, StaysPausedWhenItsNextDescriptorIsClosed) {
    // [modify.paused] [ghost.number]
    when_paused([](Watched& self, ReactorOps& by) {
        self.number = closed_number();
        EXPECT_EQ(error_of(by.modify(self.name, reading)), std::errc::bad_file_descriptor);
    });

    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(poll(reactor), 0U);

    watched.number = next.fd();
    EXPECT_TRUE(reactor.modify(watched.name, reading));
    EXPECT_EQ(poll(reactor), 1U);
}

TEST_F(PausedOnAHeldNumber, MayChangeItsInterestOnceItIsResumed) {
    // [modify.paused] [ghost.number]
    when_paused([this](Watched& self, ReactorOps& by) {
        self.number = next.fd();
        EXPECT_TRUE(by.modify(self.name, reading));
        EXPECT_TRUE(by.modify(self.name, Interest{}.write()));
    });

    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(poll(reactor), 1U);

    EXPECT_TRUE(watched.event.is_writable());
    EXPECT_FALSE(watched.event.is_readable());
}

TEST_F(PausedOnAHeldNumber, MayPauseOnceItIsResumed) {  // [modify.paused] [ghost.number]
    when_paused([this](Watched& self, ReactorOps& by) {
        self.number = next.fd();
        EXPECT_TRUE(by.modify(self.name, reading));
        EXPECT_TRUE(by.modify(self.name, nothing));
    });

    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(poll(reactor), 0U);

    EXPECT_EQ(entries_held(), 0U);
    EXPECT_TRUE(reactor.modify(watched.name, reading));
    EXPECT_EQ(poll(reactor), 1U);
}

TEST_F(PausedOnAHeldNumber, LeavesItsNumberToANewcomer) {  // [modify.paused] [ghost.number]
    Watched newcomer{number};
    when_paused([&](Watched& self, ReactorOps& by) {
        self.number = next.fd();
        EXPECT_TRUE(by.modify(self.name, reading));
        newcomer.add_to(by);
    });

    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(poll(reactor), 2U);

    EXPECT_EQ(watched.calls, 2);
    EXPECT_EQ(newcomer.calls, 1);
}

TEST_F(PausedOnAHeldNumber, MayBeRemovedUnderItsNextNumber) {  // [modify.paused] [remove.self]
    when_paused([this](Watched& self, ReactorOps& by) {
        self.number = next.fd();
        EXPECT_TRUE(by.modify(self.name, reading));
        EXPECT_TRUE(by.remove(self.name));
    });

    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(watched.destroyed, 1);
    for (int turn = 0; turn < 3; ++turn) {
        EXPECT_EQ(poll(reactor), 0U);
    }

    EXPECT_EQ(entries_held(), 0U);
}

TEST(ClosedHeldNumber, AnswersBadFileDescriptorToModify) {  // [ghost.number]
    Reactor reactor;
    const Ghost ghost{reactor, reading, number};
    OwnedFd file = make_eventfd_at(number, 1);
    Watched watched{number};
    watched.add_to(reactor);
    file.reset();

    EXPECT_EQ(error_of(reactor.modify(watched.name, Interest{}.write())),
              std::errc::bad_file_descriptor);

    EXPECT_TRUE(reactor.contains(watched.name));
}

TEST(ClosedHeldNumber, AnswersBadFileDescriptorToModifyInAHandlerToo) {  // [ghost.number]
    Reactor reactor;
    const Ghost ghost{reactor, reading, number};
    OwnedFd file = make_eventfd_at(number, 1);
    Watched watched{number, reading, [&](Watched& self, ReactorOps& by) {
                        file.reset();
                        EXPECT_EQ(error_of(by.modify(self.name, Interest{}.write())),
                                  std::errc::bad_file_descriptor);
                    }};
    watched.add_to(reactor);

    EXPECT_EQ(poll(reactor), 1U);

    EXPECT_TRUE(reactor.remove(watched.name));
    EXPECT_EQ(watched.destroyed, 1);
}

}  // namespace
}  // namespace eventp::support
