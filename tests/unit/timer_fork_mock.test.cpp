// SPDX-License-Identifier: MIT
//
// fork() in a timer's handler, and in an operation of the reactor, under a reactor that does not
// detect forks: timers detect them themselves.
#include <chrono>
#include <functional>
#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <eventp/testing/fire.hpp>
#include <eventp/testing/mock_reactor.hpp>
#include <eventp/timer.hpp>

#include "support/fake_time.hpp"
#include "support/forks.hpp"
#include "unit/timer_forking.hpp"

namespace eventp::support {
namespace {

using namespace std::chrono_literals;
using ::testing::_;
using ::testing::NiceMock;
using When = ForkingHandler::When;

/// A mock that does not know of forks, and forks in one of its operations if a test says so.
struct MockWorld {
    explicit MockWorld(const std::function<void()>& contains, const std::function<void()>& remove) {
        ON_CALL(reactor, contains(_)).WillByDefault([=, this](RegistrationKey) {
            ++operations;
            contains();
            return true;
        });
        ON_CALL(reactor, remove(_)).WillByDefault([=, this](RegistrationKey) {
            ++operations;
            remove();
            return true;
        });
    }
    void fire() {
        timers->after(0s, forking.other()).value();
        testing::fire(timerfd, Event{EPOLLIN}, reactor);
    }
    /// In the child none, but the one that forked.
    void expect_operations_in_child(int count) {
        if (forking.is_in_child() && operations != count) {
            end_child(false);
        }
        EXPECT_TRUE(forking.child_did_nothing());
    }

    FakeTime::Begin begin;
    Forking forking{Fork::fork};
    NiceMock<testing::MockReactor> reactor;
    std::optional<Timers> timers{Timers::create(reactor).value()};
    BorrowedFd timerfd{FakeTime::last_fd()};
    int operations = 0;
};

TEST(AForkUnderAMockReactor, InAHandlerOrItsDestructorCallsNoOperationInTheChild) {
    // [timer.fork]
    for (const When when : {When::called, When::destroyed}) {
        MockWorld world{[] {}, [] {}};
        world.timers->after(0s, ForkingHandler{world.forking, when}).value();

        world.fire();

        world.expect_operations_in_child(0);
        EXPECT_EQ(world.forking.ran(), 1);
    }
}

TEST(AForkUnderAMockReactor, InAHandlerThatDestroysItsTimersCallsNoOperationInTheChild) {
    // [timer.fork]
    MockWorld world{[] {}, [] {}};
    world.timers
        ->after(0s,
                [&] {
                    world.timers.reset();
                    world.forking.here();
                })
        .value();

    world.fire();

    world.expect_operations_in_child(0);
    EXPECT_EQ(world.operations, 1);
}

TEST(AForkUnderAMockReactor, InAnOperationLeavesTheOtherTimersToTheParent) {  // [timer.fork]
    MockWorld contains{[&] { contains.forking.here(); }, [] {}};
    contains.timers->after(0s, [] {}).value();
    contains.fire();
    contains.expect_operations_in_child(1);
    EXPECT_EQ(contains.forking.ran(), 1);

    MockWorld remove{[] {}, [&] { remove.forking.here(); }};
    remove.timers->after(0s, [&] { remove.timers.reset(); }).value();
    remove.fire();
    remove.expect_operations_in_child(1);
    EXPECT_EQ(remove.forking.ran(), 0);
}

}  // namespace
}  // namespace eventp::support
