// SPDX-License-Identifier: MIT
//
// The mask of the thread that creates a SignalSet, the signals that are read, and a handler with a
// mock.
#include <eventp/signal.hpp>

#include <csignal>
#include <optional>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/epoll.h>

#include <eventp/builder.hpp>
#include <eventp/testing/fire.hpp>
#include <eventp/testing/mock_reactor.hpp>

#include "support/files.hpp"
#include "support/signals.hpp"
#include "support/source.hpp"

namespace eventp::support {
namespace {

using ::testing::ElementsAre;
using ::testing::NiceMock;

static_assert(Descriptor<SignalSet>);
static_assert(HasAfterFork<SignalSet>);
static_assert(std::is_nothrow_move_constructible_v<SignalSet>);
static_assert(std::is_nothrow_move_assignable_v<SignalSet>);
static_assert(!std::is_copy_constructible_v<SignalSet>);

// --- create() -----------------------------------------------------------------------------------

TEST(SignalSet, IsNotCreatedForWhatCannotBeRead) {  // [signal.create]
    for (const int number : {SIGKILL, SIGSTOP, 0, -1, 32, 33, SIGRTMAX + 1, 1'000'000}) {
        EXPECT_EQ(error_of(SignalSet::create({SIGUSR1, number})), std::errc::invalid_argument)
            << number;
    }
    EXPECT_EQ(error_of(SignalSet::create(std::vector<int>{})), std::errc::invalid_argument);
    EXPECT_FALSE(is_blocked(SIGUSR1));
}

TEST(SignalSet, IsCreatedForEveryOtherSignal) {  // [signal.create]
    std::vector<int> all;
    for (int number = 1; number <= SIGRTMAX; ++number) {
        if (number != SIGKILL && number != SIGSTOP && number != 32 && number != 33) {
            all.push_back(number);
        }
    }
    const auto set = SignalSet::create(all);
    ASSERT_TRUE(set);
    for (const int number : all) {
        EXPECT_TRUE(is_blocked(number)) << number;
    }
}

TEST(SignalSet, ChangesNothingIfThereIsNoDescriptorLeft) {  // [signal.create]
    {
        const FileLimit none{0};
        EXPECT_EQ(error_of(SignalSet::create({SIGUSR1})), std::errc::too_many_files_open);
    }

    EXPECT_FALSE(is_blocked(SIGUSR1));
    EXPECT_TRUE(SignalSet::create({SIGUSR1})) << "it belongs to no set";
}

// --- the mask -----------------------------------------------------------------------------------

TEST(SignalSet, BlocksItsSignalsWhileItExistsAndNoOthers) {  // [signal.blocks]
    {
        const SignalSet set = SignalSet::create({SIGUSR1, SIGUSR1, SIGRTMIN}).value();
        EXPECT_TRUE(is_blocked(SIGUSR1));
        EXPECT_TRUE(is_blocked(SIGRTMIN));
        EXPECT_FALSE(is_blocked(SIGUSR2));
    }
    EXPECT_FALSE(is_blocked(SIGUSR1));
    EXPECT_FALSE(is_blocked(SIGRTMIN));
}

TEST(SignalSet, DoesNotUnblockSignalsThatWereBlockedBefore) {  // [signal.mask]
    change_mask(SIG_BLOCK, SIGUSR1);
    {
        const SignalSet set = SignalSet::create({SIGUSR1, SIGUSR2}).value();
    }
    EXPECT_TRUE(is_blocked(SIGUSR1));
    EXPECT_FALSE(is_blocked(SIGUSR2));

    change_mask(SIG_UNBLOCK, SIGUSR1);
    {
        const SignalSet set = SignalSet::create({SIGUSR1}).value();
    }
    EXPECT_FALSE(is_blocked(SIGUSR1)) << "it was not blocked before this set";
}

TEST(SignalSet, UnblocksItsOwnSignalsAndNotThoseOfOthers) {  // [signal.mask]
    for (const bool first_is_first : {true, false}) {
        std::optional first{SignalSet::create({SIGUSR1}).value()};
        std::optional second{SignalSet::create({SIGUSR2}).value()};

        (first_is_first ? first : second).reset();
        EXPECT_EQ(is_blocked(SIGUSR1), !first_is_first);
        EXPECT_EQ(is_blocked(SIGUSR2), first_is_first);
        (first_is_first ? second : first).reset();
        EXPECT_FALSE(is_blocked(SIGUSR1) || is_blocked(SIGUSR2));
    }
}

TEST(SignalSet, KeepsItsSignalsBlockedThroughMoves) {  // [signal.blocks] [signal.mask]
    std::optional first{SignalSet::create({SIGUSR1}).value()};
    std::optional second{std::move(*first)};
    first.reset();
    EXPECT_TRUE(is_blocked(SIGUSR1));

    *second = SignalSet::create({SIGUSR2}).value();
    EXPECT_FALSE(is_blocked(SIGUSR1));
    EXPECT_TRUE(is_blocked(SIGUSR2));

    SignalSet& same = *second;
    *second = std::move(same);
    EXPECT_TRUE(is_blocked(SIGUSR2));

    const SignalSet third = std::move(*second);
    EXPECT_EQ(second->fd(), -1);
    EXPECT_FALSE(second->next());
    second.reset();
    EXPECT_TRUE(is_blocked(SIGUSR2));
}

TEST(SignalSet, DestroyedByAnotherThreadLeavesBothMasksAsTheyAre) {  // [signal.elsewhere]
    std::jthread{[] {
        std::optional set{SignalSet::create({SIGUSR1}).value()};
        std::jthread{[&set] {
            set.reset();
            EXPECT_TRUE(is_blocked(SIGUSR1)) << "it was inherited";
        }}.join();
        EXPECT_TRUE(is_blocked(SIGUSR1));
    }}.join();
}

TEST(SignalSet, LeavesAPendingSignalToItsDisposition) {  // [signal.pending]
    const Pipe told;
    const WritingHandler handler{SIGUSR1, told.write.fd()};
    {
        const SignalSet set = SignalSet::create({SIGUSR1}).value();
        send(SIGUSR1);
        EXPECT_FALSE(is_readable(told.read.fd()));
    }
    EXPECT_TRUE(is_readable(told.read.fd()));
}

// --- reading ------------------------------------------------------------------------------------

TEST(SignalSet, ReadsEachPendingSignalOnceAndThenNone) {  // [signal.next]
    SignalSet set = SignalSet::create({SIGUSR1, SIGUSR2}).value();
    EXPECT_FALSE(set.next());
    EXPECT_FALSE(is_readable(set.fd()));

    send(SIGUSR2);
    EXPECT_TRUE(is_readable(set.fd()));
    EXPECT_THAT(numbers(set), ElementsAre(SIGUSR2));

    EXPECT_FALSE(is_readable(set.fd()));
    EXPECT_FALSE(set.next());
}

TEST(SignalSet, ReportsWhoSentASignalAndHow) {  // [signal.sender]
    SignalSet set = SignalSet::create({SIGUSR1, SIGUSR2, SIGRTMIN, SIGPIPE}).value();

    send(SIGUSR1);
    EXPECT_EQ(set.next(),
              (Signal{.number = SIGUSR1, .code = SI_USER, .pid = ::getpid(), .uid = ::getuid()}));
    ::pthread_kill(::pthread_self(), SIGUSR2);
    EXPECT_EQ(set.next(),
              (Signal{.number = SIGUSR2, .code = SI_TKILL, .pid = ::getpid(), .uid = ::getuid()}));

    int there = 0;
    sigval value{};
    value.sival_ptr = &there;
    ::sigqueue(::getpid(), SIGRTMIN, value);
    const auto queued = set.next();
    ASSERT_TRUE(queued);
    EXPECT_EQ(queued->code, SI_QUEUE);
    EXPECT_EQ(queued->pointer, &there);

    Pipe pipe;
    pipe.read.reset();
    EXPECT_EQ(::write(pipe.write.fd(), "!", 1), -1);
    EXPECT_EQ(set.next().value_or(Signal{}).number, SIGPIPE);
}

TEST(SignalSet, ReadsAStandardSignalOnceThatWasSentThreeTimes) {  // [signal.merged]
    SignalSet set = SignalSet::create({SIGHUP}).value();
    send(SIGHUP, 1);
    send(SIGHUP, 2);
    send(SIGHUP, 3);

    const auto signal = set.next();

    ASSERT_TRUE(signal);
    EXPECT_EQ(signal->value, 1);
    EXPECT_FALSE(set.next());
}

TEST(SignalSet, ReadsEachRealTimeSignalWithItsValueInOrder) {  // [signal.queued]
    SignalSet set = SignalSet::create({SIGRTMIN + 3}).value();
    for (int value = 1; value <= 5; ++value) {
        send(SIGRTMIN + 3, value);
    }

    for (int value = 1; value <= 5; ++value) {
        EXPECT_EQ(set.next().value_or(Signal{}).value, value);
    }
    EXPECT_FALSE(set.next());
}

TEST(SignalSet, IsADescriptorObjectForTheBuilder) {  // [signal.next] [signal.create]
    NiceMock<testing::MockReactor> reactor;
    std::vector<int> seen;
    const auto name = interest()
                          .read()
                          .with_fd(SignalSet::create({SIGUSR1, SIGUSR2}).value())
                          .with_handler([&](SignalSet& set, ReactorOps& ops) {
                              seen = numbers(set);
                              ops.stop();
                          })
                          .register_into(reactor);
    ASSERT_TRUE(name);
    send(SIGUSR1);
    EXPECT_CALL(reactor, stop);

    testing::fire(*name, Event{EPOLLIN}, reactor);

    EXPECT_THAT(seen, ElementsAre(SIGUSR1));
    EXPECT_TRUE(reactor.remove(*name));
    EXPECT_FALSE(is_blocked(SIGUSR1));
}

}  // namespace
}  // namespace eventp::support
