// SPDX-License-Identifier: MIT
//
// A signal belongs to one SignalSet of the process.
#include <atomic>
#include <csignal>
#include <initializer_list>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <eventp/eventp.hpp>
#include <eventp/signal.hpp>

#include "support/forks.hpp"
#include "support/signals.hpp"
#include "support/source.hpp"

namespace eventp::support {
namespace {

using ::testing::ElementsAre;

constexpr auto taken = std::errc::file_exists;

/// What create() returns in another thread.
std::error_code error_in_another_thread(std::initializer_list<int> signals) {
    std::error_code error;
    std::jthread{[&] { error = error_of(SignalSet::create(signals)); }}.join();
    return error;
}

TEST(SignalSet, IsNotCreatedIfAnotherSetHasOneOfTheSignals) {  // [signal.exclusive]
    const SignalSet set = SignalSet::create({SIGUSR1, SIGUSR2}).value();

    EXPECT_EQ(error_of(SignalSet::create({SIGUSR1})), taken);
    EXPECT_EQ(error_of(SignalSet::create({SIGHUP, SIGUSR2})), taken);
    EXPECT_EQ(error_of(SignalSet::create({SIGUSR2, SIGRTMIN})), taken);
    EXPECT_EQ(error_in_another_thread({SIGUSR1}), taken);
    EXPECT_TRUE(SignalSet::create({SIGHUP, SIGRTMIN}));
}

TEST(SignalSet, ThatIsNotCreatedChangesNothing) {  // [signal.exclusive] [signal.create]
    const SignalSet set = SignalSet::create({SIGUSR1}).value();

    EXPECT_EQ(error_of(SignalSet::create({SIGHUP, SIGUSR1, SIGUSR2})), taken);

    EXPECT_FALSE(is_blocked(SIGHUP) || is_blocked(SIGUSR2));
    EXPECT_TRUE(is_blocked(SIGUSR1));
    EXPECT_TRUE(SignalSet::create({SIGHUP, SIGUSR2})) << "it has left them to others";
    EXPECT_EQ(error_of(SignalSet::create({SIGUSR1})), taken) << "and the first set its signal";
}

TEST(SignalSet, HasItsSignalsUntilItIsDestroyedWhereverItIsMoved) {  // [signal.exclusive]
    std::optional first{SignalSet::create({SIGUSR1}).value()};
    std::optional second{std::move(*first)};
    first.reset();
    EXPECT_EQ(error_of(SignalSet::create({SIGUSR1})), taken);

    *second = SignalSet::create({SIGUSR2}).value();
    EXPECT_TRUE(SignalSet::create({SIGUSR1}));
    EXPECT_EQ(error_of(SignalSet::create({SIGUSR2})), taken);

    second.reset();
    EXPECT_TRUE(SignalSet::create({SIGUSR2}));
}

TEST(SignalSet, LeavesItsSignalsToOthersEvenIfAnotherThreadDestroysIt) {  // [signal.exclusive]
    std::jthread{[] {
        std::optional set{SignalSet::create({SIGUSR1}).value()};
        std::jthread{[&set] { set.reset(); }}.join();

        EXPECT_TRUE(SignalSet::create({SIGUSR1}));
        EXPECT_EQ(error_in_another_thread({SIGUSR1}), std::error_code{});
    }}.join();
}

TEST(SignalSet, IsTheOnlyOneWithASignalAmongAllThreads) {  // [signal.exclusive]
    constexpr int rounds = 2000;
    std::atomic<int> created{0};
    std::atomic<bool> exists{false};
    const auto compete = [&](int second_signal) {
        for (int round = 0; round < rounds; ++round) {
            const auto set = SignalSet::create({SIGUSR1, second_signal});
            if (set) {
                EXPECT_FALSE(exists.exchange(true));
                ++created;
                exists.store(false);
            } else {
                EXPECT_EQ(error_of(set), taken);
            }
        }
    };
    {
        std::jthread one{compete, SIGHUP};
        std::jthread two{compete, SIGUSR2};
        std::jthread three{compete, SIGRTMIN};
    }
    EXPECT_GT(created.load(), 0);
    EXPECT_TRUE(SignalSet::create({SIGUSR1, SIGUSR2, SIGHUP, SIGRTMIN}));
}

TEST(SignalSet, OfOneReactorIsRefusedWithWhatAnotherReactorReads) {  // [signal.exclusive]
    std::vector<int> seen;
    Reactor first;
    const auto id = interest()
                        .read()
                        .with_fd(SignalSet::create({SIGUSR1}).value())
                        .with_handler([&seen](SignalSet& set) { seen = numbers(set); })
                        .register_into(first);
    ASSERT_TRUE(id);

    EXPECT_EQ(error_of(SignalSet::create({SIGUSR1})), taken);
    send(SIGUSR1);
    EXPECT_EQ(poll(first), 1U);
    EXPECT_THAT(seen, ElementsAre(SIGUSR1));

    EXPECT_TRUE(first.remove(*id));
    EXPECT_TRUE(SignalSet::create({SIGUSR1}));
}

// --- forked processes ---------------------------------------------------------------------------

class SignalFork : public ::testing::TestWithParam<Fork> {};
INSTANTIATE_TEST_SUITE_P(Ways, SignalFork, ::testing::Values(Fork::fork, Fork::raw_clone),
                         [](const auto& test) {
                             return test.param == Fork::fork ? "fork" : "raw_clone";
                         });

TEST_P(SignalFork, LeavesTheSignalsOfTheParentsSetsToSetsOfTheChild) {
    // [signal.fork] [signal.exclusive]
    std::optional set{SignalSet::create({SIGUSR1}).value()};

    EXPECT_TRUE(holds_in_child(
        [&set] {
            std::optional own{SignalSet::create({SIGUSR1}).value()};
            EXPECT_EQ(error_of(SignalSet::create({SIGUSR1})), taken);
            send(SIGUSR1);
            EXPECT_THAT(numbers(*own), ElementsAre(SIGUSR1));

            set.reset();
            EXPECT_TRUE(is_blocked(SIGUSR1)) << "the child's set needs that";
            EXPECT_EQ(error_of(SignalSet::create({SIGUSR1})), taken);

            own.reset();
            EXPECT_FALSE(is_blocked(SIGUSR1));
            EXPECT_TRUE(SignalSet::create({SIGUSR1}));
        },
        GetParam()));

    EXPECT_TRUE(is_blocked(SIGUSR1));
    EXPECT_EQ(error_of(SignalSet::create({SIGUSR1})), taken);
}

TEST_P(SignalFork, RestoresTheMaskInWhicheverOrderTheSetsAreDestroyed) {
    // [signal.fork] [signal.mask]
    std::optional set{SignalSet::create({SIGUSR1}).value()};

    EXPECT_TRUE(holds_in_child(
        [&set] {
            std::optional own{SignalSet::create({SIGUSR1}).value()};
            own.reset();
            set.reset();
            EXPECT_FALSE(is_blocked(SIGUSR1));
        },
        GetParam()));

    EXPECT_TRUE(is_blocked(SIGUSR1));
}

/// A reactor of the parent with a set for SIGUSR1 and SIGUSR2.
struct Inherited {
    Reactor reactor;
    RegistrationId id = interest()
                            .read()
                            .with_fd(SignalSet::create({SIGUSR1, SIGUSR2}).value())
                            .with_handler([](SignalSet&) {})
                            .register_into(reactor)
                            .value();
};

TEST_P(SignalFork, GivesTheSignalsToTheSetOfAReactorThatIsReinitialised) {
    // [signal.fork] [signal.exclusive]
    Inherited inherited;

    EXPECT_TRUE(holds_in_child(
        [&inherited] {
            EXPECT_TRUE(inherited.reactor.reinit_after_fork());
            EXPECT_EQ(error_of(SignalSet::create({SIGUSR2})), taken);
            EXPECT_TRUE(inherited.reactor.remove(inherited.id));
            EXPECT_TRUE(SignalSet::create({SIGUSR2}));
            EXPECT_FALSE(is_blocked(SIGUSR1));
        },
        GetParam()));

    EXPECT_EQ(error_of(SignalSet::create({SIGUSR2})), taken);
}

TEST_P(SignalFork, DestroysTheSetOfAReactorIfANewOneHasItsSignal) {
    // [signal.fork] [signal.exclusive]
    Inherited inherited;

    EXPECT_TRUE(holds_in_child(
        [&inherited] {
            SignalSet own = SignalSet::create({SIGUSR1}).value();
            EXPECT_TRUE(inherited.reactor.reinit_after_fork());
            EXPECT_FALSE(inherited.reactor.contains(inherited.id));
            EXPECT_TRUE(is_blocked(SIGUSR1));
            EXPECT_FALSE(is_blocked(SIGUSR2));
            EXPECT_TRUE(SignalSet::create({SIGUSR2}));
            send(SIGUSR1);
            EXPECT_THAT(numbers(own), ElementsAre(SIGUSR1));
        },
        GetParam()));

    EXPECT_TRUE(inherited.reactor.contains(inherited.id));
}

TEST(SignalForkOfAnotherThread,
     BlocksTheSignalsInTheThreadThatForkedWhenTheReactorIsReinitialised) {
    // [signal.fork] [signal.blocks]
    Inherited inherited;

    std::jthread{[&inherited] {
        change_mask(SIG_UNBLOCK, SIGUSR1);
        change_mask(SIG_UNBLOCK, SIGUSR2);
        EXPECT_TRUE(holds_in_child([&inherited] {
            EXPECT_TRUE(inherited.reactor.reinit_after_fork());
            EXPECT_TRUE(is_blocked(SIGUSR1) && is_blocked(SIGUSR2));
            EXPECT_TRUE(inherited.reactor.remove(inherited.id));
            EXPECT_FALSE(is_blocked(SIGUSR1) || is_blocked(SIGUSR2));
        }));
    }}.join();
}

}  // namespace
}  // namespace eventp::support
