// SPDX-License-Identifier: MIT
//
// Signals in a real reactor, with threads, forks and children.
#include <eventp/signal.hpp>

#include <array>
#include <chrono>
#include <csignal>
#include <latch>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <eventp/child.hpp>
#include <eventp/eventp.hpp>

#include "support/children.hpp"
#include "support/files.hpp"
#include "support/forks.hpp"
#include "support/signals.hpp"
#include "support/source.hpp"

namespace eventp::support {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

/// A reactor with a set whose signals are noted and end its run.
class SignalsInAReactor : public ::testing::Test {
protected:
    RegistrationId add(SignalSet set) {
        return interest()
            .read()
            .with_fd(std::move(set))
            .with_handler([this](SignalSet& from, ReactorOps& ops) {
                for (const int number : numbers(from)) {
                    seen_.push_back(number);
                }
                ops.stop();
            })
            .register_into(reactor_)
            .value();
    }

    Reactor reactor_;
    std::vector<int> seen_;
};

TEST_F(SignalsInAReactor, AreHandledLikeAnyEvent) {  // [signal.blocks] [signal.next]
    add(SignalSet::create({SIGINT, SIGTERM}).value());
    send(SIGTERM);
    send(SIGINT);

    EXPECT_EQ(poll(reactor_), 1U);
    EXPECT_THAT(seen_, UnorderedElementsAre(SIGINT, SIGTERM));
    EXPECT_EQ(poll(reactor_), 0U);
}

TEST_F(SignalsInAReactor, EndAWaitWithoutATimeout) {  // [signal.blocks]
    add(SignalSet::create({SIGUSR1}).value());
    std::jthread sender{[] { send(SIGUSR1); }};

    EXPECT_TRUE(reactor_.run());

    EXPECT_THAT(seen_, ElementsAre(SIGUSR1));
}

TEST_F(SignalsInAReactor, AreUnblockedWhenTheirSubscriberIsRemoved) {  // [signal.mask]
    const RegistrationId name = add(SignalSet::create({SIGUSR1}).value());
    EXPECT_TRUE(is_blocked(SIGUSR1));

    EXPECT_TRUE(reactor_.remove(name));

    EXPECT_FALSE(is_blocked(SIGUSR1));
}

// --- threads ------------------------------------------------------------------------------------

TEST(SignalTrap, AThreadThatDoesNotBlockTheSignalHandlesIt) {  // [signal.swallowed]
    const Pipe told;
    const WritingHandler handler{SIGUSR1, told.write.fd()};
    std::latch done{1};
    std::jthread early{[&done] { done.wait(); }};
    SignalSet set = SignalSet::create({SIGUSR1}).value();

    send(SIGUSR1);
    EXPECT_TRUE(becomes_readable(told.read.fd())) << "the disposition has it, in that thread";
    EXPECT_FALSE(set.next());
    done.count_down();
}

TEST(SignalTrap, AThreadThatIsCreatedLaterHandlesNothing) {  // [signal.swallowed]
    const Pipe told;
    const WritingHandler handler{SIGUSR1, told.write.fd()};
    SignalSet set = SignalSet::create({SIGUSR1}).value();
    std::latch done{1};
    std::jthread late{[&done] { done.wait(); }};

    send(SIGUSR1);
    EXPECT_THAT(numbers(set), ElementsAre(SIGUSR1));
    done.count_down();
}

TEST(SignalTrap, ASignalToOneThreadIsSeenByThatThreadOnly) {  // [signal.thread]
    SignalSet set = SignalSet::create({SIGUSR1}).value();
    ::pthread_kill(::pthread_self(), SIGUSR1);

    std::jthread{[&set] {
        EXPECT_FALSE(is_readable(set.fd()));
        EXPECT_FALSE(set.next());
    }}.join();

    EXPECT_TRUE(is_readable(set.fd()));
    EXPECT_THAT(numbers(set), ElementsAre(SIGUSR1));
}

// --- fork ---------------------------------------------------------------------------------------

TEST(SignalTrap, AForkedProcessReadsItsOwnSignals) {  // [signal.fork]
    SignalSet set = SignalSet::create({SIGUSR1, SIGUSR2}).value();
    send(SIGUSR1);

    EXPECT_TRUE(holds_in_child([&set] {
        if (set.next()) {
            return false;  // pending in the parent, not here
        }
        send(SIGUSR2);
        return numbers(set) == std::vector{SIGUSR2};
    }));

    EXPECT_THAT(numbers(set), ElementsAre(SIGUSR1));
}

TEST_F(SignalsInAReactor, AreHandledInAForkedChildThatReinitialisesTheReactor) {  // [signal.fork]
    const RegistrationId name = add(SignalSet::create({SIGUSR1, SIGUSR2}).value());

    EXPECT_TRUE(holds_in_child([this, name] {
        if (!reactor_.reinit_after_fork() || !reactor_.contains(name)) {
            return false;
        }
        send(SIGUSR2);
        const bool ran = reactor_.run().has_value();
        return ran && seen_ == std::vector{SIGUSR2} && reactor_.remove(name) &&
               !is_blocked(SIGUSR2);
    }));

    EXPECT_EQ(poll(reactor_), 0U);  // the child's signals are nothing to us
    send(SIGUSR1);
    EXPECT_EQ(poll(reactor_), 1U);
    EXPECT_THAT(seen_, ElementsAre(SIGUSR1));
    EXPECT_TRUE(is_blocked(SIGUSR1));
}

TEST_F(SignalsInAReactor, HaveADescriptorOfTheirOwnInAForkedChild) {  // [signal.fork]
    const RegistrationId name = add(SignalSet::create({SIGUSR1}).value());

    EXPECT_TRUE(holds_in_child([this, name] {
        // Kernel: what /proc says of the two is the same, so ask whether they share their flags.
        const OwnedFd parents{::dup(name.fd())};
        if (!reactor_.reinit_after_fork()) {
            return false;
        }
        const SignalSet* set = reactor_.find<SignalSet>(name);
        return ::fcntl(set->fd(), F_SETFL, 0) == 0 &&
               (::fcntl(parents.fd(), F_GETFL) & O_NONBLOCK) != 0 &&
               ::fcntl(set->fd(), F_SETFL, O_NONBLOCK) == 0;
    }));
}

// --- children -----------------------------------------------------------------------------------

/// Whether SIGUSR1 is blocked in a program, by the mask that it read from /proc.
bool finds_it_blocked(const std::string& status) {
    const std::size_t at = status.find("SigBlk:\t");
    return at != std::string::npos &&
           (std::stoull(status.substr(at + 8, 16), nullptr, 16) & (1ULL << (SIGUSR1 - 1))) != 0;
}

TEST(SignalTrap, AProgramInheritsTheBlockedSignals) {  // [signal.children]
    const SignalSet set = SignalSet::create({SIGUSR1}).value();
    Pipe pipe;
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, pipe.write.fd(), 1);
    std::string cat = "cat";
    std::string status = "/proc/self/status";
    std::array<char*, 3> arguments{cat.data(), status.data(), nullptr};
    pid_t child = -1;
    ASSERT_EQ(::posix_spawnp(&child, "cat", &actions, nullptr, arguments.data(), environ), 0);
    ::posix_spawn_file_actions_destroy(&actions);
    pipe.write.reset();

    EXPECT_TRUE(finds_it_blocked(read_all(pipe.read.fd())));
    EXPECT_TRUE(ended_well(child));
}

TEST(SignalTrap, AProgramThatChildProcessStartsFindsNoSignalBlocked) {  // [signal.children]
    const SignalSet set = SignalSet::create({SIGUSR1}).value();
    const std::string status = output_of({.program = "cat", .arguments = {"/proc/self/status"}});
    EXPECT_NE(status.find("SigBlk:"), std::string::npos);
    EXPECT_FALSE(finds_it_blocked(status));
}

}  // namespace
}  // namespace eventp::support
