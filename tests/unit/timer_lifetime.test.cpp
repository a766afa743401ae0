// SPDX-License-Identifier: MIT
//
// A Timers, its subscriber, its handlers and the reactor are destroyed in any order.
#include <chrono>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <eventp/reactor.hpp>
#include <eventp/testing/fire.hpp>
#include <eventp/testing/mock_reactor.hpp>
#include <eventp/timer.hpp>

#include "support/fake_time.hpp"
#include "support/user_code.hpp"

namespace eventp::support {
namespace {

using namespace std::chrono_literals;
using ::testing::_;
using ::testing::NiceMock;
using ::testing::Return;

TEST(TimersLifetime,
     AfterTheTimersAreDestroyedNoHandlerRunsAndTheSubscriberIsRemoved) {  // [timer.lifetime]
    const FakeTime::Begin begin;
    Reactor reactor;
    auto owned = std::make_shared<int>(0);
    const std::weak_ptr<int> watched = owned;
    {
        Timers timers = Timers::create(reactor).value();
        timers.after(0s, [owned = std::move(owned)] { FAIL() << "there are no timers"; }).value();
    }

    EXPECT_TRUE(watched.expired());
    EXPECT_EQ(reactor.stats().registered, 1U);
    EXPECT_TRUE(reactor.run_once(0s).has_value());
    EXPECT_EQ(reactor.stats().registered, 0U);
}

TEST(TimersLifetime, AfterTheReactorIsDestroyedArmingFailsWithBrokenPipe) {  // [timer.lifetime]
    const FakeTime::Begin begin;
    auto owned = std::make_shared<int>(0);
    const std::weak_ptr<int> watched = owned;
    std::optional<Reactor> reactor{std::in_place};
    Timers timers = Timers::create(*reactor).value();
    const TimerId id = timers.after(1s, [owned = std::move(owned)] {}).value();

    reactor.reset();

    EXPECT_TRUE(watched.expired());
    EXPECT_EQ(timers.after(1s, [] {}).error(), std::errc::broken_pipe);
    EXPECT_EQ(timers.every(1s, [] {}).error(), std::errc::broken_pipe);
    EXPECT_FALSE(timers.reschedule(id, 1s));
    EXPECT_FALSE(timers.cancel(id));
    EXPECT_EQ(timers.size(), 0U);
}

TEST(TimersLifetime, AHandlerMayDestroyItsTimers) {  // [timer.lifetime]
    const FakeTime::Begin begin;
    Reactor reactor;
    std::optional<Timers> timers{Timers::create(reactor).value()};
    auto owned = std::make_shared<int>(0);
    const std::weak_ptr<int> watched = owned;
    timers
        ->every(1ns,
                [&timers, &watched, owned = std::move(owned)] {
                    timers.reset();
                    EXPECT_FALSE(watched.expired()) << "it is running";
                })
        .value();
    timers->after(2ns, [] { FAIL() << "its timers are destroyed"; }).value();
    FakeTime::advance(1s);

    EXPECT_EQ(reactor.run_once(0s).value(), 1U);

    EXPECT_FALSE(timers.has_value());
    EXPECT_TRUE(watched.expired());
    EXPECT_EQ(reactor.stats().registered, 0U);
}

TEST(TimersLifetime, ATimersMayBeReplacedInItsHandler) {  // [timer.lifetime]
    const FakeTime::Begin begin;
    Reactor reactor;
    Timers timers = Timers::create(reactor).value();
    int fired = 0;
    timers
        .after(0s,
               [&](ReactorOps& ops) {
                   timers = Timers::create(ops).value();
                   timers.after(0s, [&] { ++fired; }).value();
               })
        .value();

    EXPECT_EQ(reactor.run_once(0s).value(), 1U);
    EXPECT_EQ(reactor.run_once(0s).value(), 1U);

    EXPECT_EQ(fired, 1);
    EXPECT_EQ(reactor.stats().registered, 1U);
}

TEST(TimersLifetime, TheDestructorOfAHandlerMayCallBack) {  // [timer.lifetime] [timer.cancel]
    const FakeTime::Begin begin;
    Reactor reactor;
    std::optional<Timers> timers{Timers::create(reactor).value()};
    TimerId other = timers->after(1s, [] {}).value();
    const TimerId first = timers
                              ->after(1s, UserCode{UserCode::When::destroyed,
                                                   [&] { EXPECT_TRUE(timers->cancel(other)); }})
                              .value();
    EXPECT_TRUE(timers->cancel(first));
    EXPECT_EQ(timers->size(), 0U);

    const TimerId last =
        timers->after(1s, UserCode{UserCode::When::destroyed, [&] { timers.reset(); }}).value();
    EXPECT_TRUE(timers->cancel(last));

    EXPECT_FALSE(timers.has_value());
}

TEST(TimersLifetime, AHandlerThatIsDestroyedWithItsTimersCannotArm) {  // [timer.lifetime]
    const FakeTime::Begin begin;
    Reactor reactor;
    std::optional<Timers> timers{Timers::create(reactor).value()};
    std::error_code answer;
    Timers* const ending = &*timers;
    timers
        ->after(1s, UserCode{UserCode::When::destroyed,
                             [&answer, ending] { answer = ending->after(1s, [] {}).error(); }})
        .value();

    timers.reset();

    EXPECT_EQ(answer, std::errc::broken_pipe);
}

TEST(TimersLifetime, TheSubscriberMayOutliveTheReactorAndTheTimers) {  // [timer.lifetime]
    const FakeTime::Begin begin;
    std::vector<AnySubscriber> kept;
    std::optional<Timers> timers;
    {
        Reactor reactor;
        timers = Timers::create(reactor).value();
        timers->after(0s, [] {}).value();
        kept = reactor.close_and_extract().value();
    }
    ASSERT_EQ(kept.size(), 1U);

    timers.reset();

    Reactor another;
    ASSERT_TRUE(another.add(kept.front()).has_value());
    EXPECT_TRUE(another.run_once(0s).has_value());
    EXPECT_EQ(another.stats().registered, 0U);
}

TEST(TimersLifetime, TimersMoveToAnotherReactorWithTheirSubscriber) {  // [timer.lifetime]
    const FakeTime::Begin begin;
    Reactor first;
    Timers timers = Timers::create(first).value();
    int fired = 0;
    timers.after(1ns, [&] { ++fired; }).value();
    std::vector<AnySubscriber> kept = first.close_and_extract().value();
    Reactor second;
    ASSERT_TRUE(second.add(kept.front()).has_value());
    FakeTime::advance(1ns);

    EXPECT_EQ(second.run_once(0s).value(), 1U);

    EXPECT_EQ(fired, 1);
}

TEST(TimersLifetime, NoOtherHandlerRunsAfterOneHasRemovedTheSubscriber) {  // [timer.lifetime]
    const FakeTime::Begin begin;
    NiceMock<testing::MockReactor> reactor;
    Timers timers = Timers::create(reactor).value();
    const BorrowedFd name{FakeTime::last_fd()};
    int fired = 0;
    timers
        .after(1ns,
               [&](ReactorOps& ops) {
                   ++fired;
                   ops.remove(name);
               })
        .value();
    timers.after(2ns, [&] { ++fired; }).value();
    FakeTime::advance(1s);

    testing::fire(name, Event{EPOLLIN}, reactor);

    EXPECT_EQ(fired, 1);
    EXPECT_EQ(timers.after(1s, [] {}).error(), std::errc::broken_pipe);
}

TEST(TimersLifetime, CreateReturnsTheErrorOfAdd) {  // [timer.create]
    const FakeTime::Begin begin;
    NiceMock<testing::MockReactor> reactor;
    ON_CALL(reactor, add(_))
        .WillByDefault(
            Return(Result<RegistrationId>{detail::error(std::errc::no_space_on_device)}));

    EXPECT_EQ(Timers::create(reactor).error(), std::errc::no_space_on_device);
}

TEST(TimersLifetime, CreateReturnsTheErrorOfTimerfdCreate) {  // [timer.create]
    const FakeTime::Begin begin;
    Reactor reactor;
    FakeTime::fail_with(-EMFILE);

    EXPECT_EQ(Timers::create(reactor).error(), std::errc::too_many_files_open);
}

TEST(TimersLifetime, TimersDoNotKnowTheIdsOfOtherTimers) {  // [timer.stale]
    const FakeTime::Begin begin;
    Reactor reactor;
    Timers some = Timers::create(reactor).value();
    Timers others = Timers::create(reactor).value();
    const TimerId one = some.after(10ns, [] {}).value();
    const TimerId other = others.after(10ns, [] {}).value();

    EXPECT_NE(one, other);
    EXPECT_FALSE(some.cancel(other));
    EXPECT_FALSE(others.cancel(one));
}

TEST(TimersLifetime, AMovedFromTimersFailsAndDoesNothing) {  // [timer.lifetime]
    const FakeTime::Begin begin;
    Reactor reactor;
    Timers timers = Timers::create(reactor).value();
    const TimerId id = timers.after(1s, [] {}).value();

    Timers other = std::move(timers);

    // NOLINTBEGIN(bugprone-use-after-move): that is what is promised
    EXPECT_EQ(timers.after(1s, [] {}).error(), std::errc::broken_pipe);
    EXPECT_FALSE(timers.cancel(id));
    EXPECT_FALSE(timers.reschedule(id, 1s));
    EXPECT_EQ(timers.size(), 0U);
    // NOLINTEND(bugprone-use-after-move)
    EXPECT_TRUE(other.cancel(id));
}

}  // namespace
}  // namespace eventp::support
