// SPDX-License-Identifier: MIT
//
// fork() at every place where timers run user code: the child calls no other handler and
// does not touch the timerfd, which it shares with its parent.
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <eventp/reactor.hpp>
#include <eventp/timer.hpp>

#include "support/fake_time.hpp"
#include "support/source.hpp"
#include "unit/timer_forking.hpp"

namespace eventp::support {
namespace {

using namespace std::chrono_literals;

using When = ForkingHandler::When;

/// What a row needs. All timers are due when it turns.
struct World {
    explicit World(Fork way) : forking{way} {}

    ForkingHandler handler(When when, std::function<void(TimerId)> then = {}) {
        return {forking, when, std::move(then)};
    }
    template <typename Handler>
    TimerId arm(const Handler& handler) {
        return timers->after(1ns, handler).value();
    }
    /// More than one turn may call, so that the fork is in the first of several turns.
    void arm_others() {
        for (std::size_t i = 0; i < Timers::expired_per_turn + 1; ++i) {
            arm(forking.other());
        }
        timers->after(1h, [] { FAIL() << "that was no hour"; }).value();
    }
    void turn() {
        FakeTime::advance(1ns);
        static_cast<void>(reactor->run_once(0s));
    }

    FakeTime::Begin begin;
    Forking forking;
    std::optional<Reactor> reactor{std::in_place};
    std::optional<Timers> timers{Timers::create(*reactor).value()};
    BorrowedFd timerfd{FakeTime::last_fd()};
};

/// A place where code of the user runs, and how many other handlers the parent calls after it.
struct Place {
    std::string name;
    int others;
    std::function<void(World&)> run;
};

constexpr int rest_of_turn = Timers::expired_per_turn - 1;

const std::vector<Place>& places() {
    static const std::vector<Place> all{
        {"handler_of_after", rest_of_turn,
         [](World& world) {
             world.arm(world.handler(When::called));
             world.arm_others();
             world.turn();
         }},
        {"handler_of_every", rest_of_turn,
         [](World& world) {
             world.timers->every(1ns, world.handler(When::called)).value();
             world.arm_others();
             world.turn();
         }},
        {"handler_that_is_the_last", 0,
         [](World& world) {
             world.arm(world.handler(When::called));
             world.turn();
         }},
        {"handler_that_arms_and_reschedules", rest_of_turn,
         [](World& world) {
             world.arm(world.handler(When::called, [&world](TimerId self) {
                 EXPECT_EQ(world.timers->reschedule(self, 0s), !world.forking.is_in_child());
                 const auto armed = world.timers->after(0s, [] {});
                 EXPECT_EQ(armed.has_value(), !world.forking.is_in_child());
             }));
             world.arm_others();
             world.turn();
         }},
        {"handler_that_destroys_the_timers", 0,
         [](World& world) {
             world.arm(world.handler(When::called, [&world](TimerId) { world.timers.reset(); }));
             world.arm_others();
             world.turn();
         }},
        {"destructor_after_the_call", rest_of_turn,
         [](World& world) {
             world.arm(world.handler(When::destroyed));
             world.arm_others();
             world.turn();
         }},
        {"destructor_of_the_last", 0,
         [](World& world) {
             world.arm(world.handler(When::destroyed));
             world.turn();
         }},
        {"destructor_after_the_handler_cancelled_itself", rest_of_turn,
         [](World& world) {
             world.timers
                 ->every(1ns, world.handler(When::destroyed,
                                            [&world](TimerId self) { world.timers->cancel(self); }))
                 .value();
             world.arm_others();
             world.turn();
         }},
        {"destructor_in_cancel_by_another_handler", rest_of_turn,
         [](World& world) {
             TimerId cancelled;
             world.arm([&] { world.timers->cancel(cancelled); });
             cancelled = world.arm(world.handler(When::destroyed));
             world.arm_others();
             world.turn();
         }},
        {"destructor_in_cancel", 0,
         [](World& world) { world.timers->cancel(world.arm(world.handler(When::destroyed))); }},
        {"destructor_with_the_timers", 0,
         [](World& world) {
             world.arm(world.handler(When::destroyed));
             world.arm_others();
             world.timers.reset();
         }},
        {"destructor_with_the_timers_in_a_handler", 0,
         [](World& world) {
             world.arm([&world] { world.timers.reset(); });
             world.arm(world.handler(When::destroyed));
             world.arm_others();
             world.turn();
         }},
        {"destructor_with_the_subscriber", 0,
         [](World& world) {
             world.arm(world.handler(When::destroyed));
             world.arm_others();
             world.reactor->remove(world.timerfd);
         }},
        {"destructor_with_the_reactor", 0,
         [](World& world) {
             world.arm(world.handler(When::destroyed));
             world.arm_others();
             world.reactor.reset();
         }},
#if defined(__cpp_exceptions)
        {"handler_that_throws", 0,
         [](World& world) {
             world.arm(world.handler(When::called, [](TimerId) { throw 1; }));
             world.arm_others();
             EXPECT_THROW(world.turn(), int);
         }},
        {"destructor_after_the_handler_threw", 0,
         [](World& world) {
             world.arm(world.handler(When::destroyed, [](TimerId) { throw 1; }));
             world.arm_others();
             EXPECT_THROW(world.turn(), int);
         }},
#endif
    };
    return all;
}

class AForkIn : public ::testing::TestWithParam<std::tuple<Place, Fork>> {};
INSTANTIATE_TEST_SUITE_P(Places, AForkIn,
                         ::testing::Combine(::testing::ValuesIn(places()),
                                            ::testing::Values(Fork::fork, Fork::raw_clone)),
                         [](const auto& row) {
                             return std::get<0>(row.param).name +
                                    (std::get<1>(row.param) == Fork::fork ? "" : "_raw_clone");
                         });

TEST_P(AForkIn, LeavesTheOtherTimersAndTheTimerfdToTheParent) {  // [timer.fork]
    const auto& [place, way] = GetParam();
    World world{way};

    place.run(world);

    EXPECT_TRUE(world.forking.child_did_nothing());
    EXPECT_EQ(world.forking.ran(), place.others);
}

// --- the constructor of a handler ---------------------------------------------------------------

using Arm = Result<TimerId> (*)(Timers& timers, const ForkingHandler& handler);

class AForkInTheConstructorOfAHandler : public ::testing::TestWithParam<Arm> {};
INSTANTIATE_TEST_SUITE_P(
    Ways, AForkInTheConstructorOfAHandler,
    ::testing::Values(
        [](Timers& timers, const ForkingHandler& handler) { return timers.after(1ns, handler); },
        [](Timers& timers, const ForkingHandler& handler) {
            return timers.at(std::chrono::steady_clock::time_point{}, handler);
        },
        [](Timers& timers, const ForkingHandler& handler) { return timers.every(1ns, handler); }));

TEST_P(AForkInTheConstructorOfAHandler, ArmsTheTimerInTheParentOnly) {  // [timer.fork]
    World world{Fork::fork};

    const Result<TimerId> armed = GetParam()(*world.timers, world.handler(When::copied));
    if (world.forking.is_in_child() &&
        (error_of(armed) != std::errc::no_child_process || world.timers->size() != 0)) {
        end_child(false);
    }

    EXPECT_TRUE(world.forking.child_did_nothing());
    EXPECT_TRUE(armed.has_value());
    EXPECT_EQ(world.timers->size(), 1U);
}

// --- what the child can do with its copy --------------------------------------------------------

TEST(AChildOfATimersHandler, HasTheOtherTimersAfterReinit) {  // [timer.fork] [fork.reinit]
    World world{Fork::fork};
    world.arm(world.handler(When::called));
    world.arm_others();

    world.turn();
    if (world.forking.is_in_child()) {
        const bool ran_none_before = world.forking.ran() == 0;
        const bool reinit = world.reactor->reinit_after_fork().has_value();
        world.turn();
        world.turn();
        end_child(ran_none_before && reinit && world.forking.ran() == Timers::expired_per_turn + 1);
    }

    EXPECT_TRUE(world.forking.child_did_nothing());
}

TEST(ASubscriberOutsideAReactor, LeavesAReactorOfTheChildThatItIsAddedTo) {  // [timer.fork]
    World world{Fork::fork};
    world.arm(world.forking.other());
    std::vector<AnySubscriber> kept = world.reactor->close_and_extract().value();
    FakeTime::advance(1ns);

    world.forking.here();
    if (world.forking.is_in_child()) {
        Reactor childs;
        const bool is_added = childs.add(kept.front()).has_value();
        const bool has_turned = childs.run_once(0s).has_value();
        if (!is_added || !has_turned || childs.stats().registered != 0 ||
            error_of(world.timers->after(0s, [] {})) != std::errc::broken_pipe) {
            end_child(false);
        }
    }

    EXPECT_TRUE(world.forking.child_did_nothing());
    Reactor parents;
    ASSERT_TRUE(parents.add(kept.front()).has_value());
    EXPECT_EQ(parents.run_once(0s).value(), 1U);
    EXPECT_EQ(world.forking.ran(), 1);
}

}  // namespace
}  // namespace eventp::support
