// SPDX-License-Identifier: MIT
//
// Handlers that cannot be called are refused when a timer is armed with them.
#include <chrono>
#include <functional>
#include <memory>
#include <system_error>
#include <type_traits>
#include <utility>

#include <gtest/gtest.h>

#include <eventp/reactor.hpp>
#include <eventp/timer.hpp>

#include "support/fake_time.hpp"

namespace eventp::support {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

/// The ways to give a Timers a handler.
struct After {
    template <typename F>
    static Result<TimerId> arm(Timers& timers, F&& handler) {
        return timers.after(10ns, std::forward<F>(handler));
    }
};
struct At {
    template <typename F>
    static Result<TimerId> arm(Timers& timers, F&& handler) {
        return timers.at(steady_clock::time_point{}, std::forward<F>(handler));
    }
};
struct Every {
    template <typename F>
    static Result<TimerId> arm(Timers& timers, F&& handler) {
        return timers.every(10ns, std::forward<F>(handler));
    }
};

template <typename Way>
class TimersThatAreArmed : public ::testing::Test {
protected:
    /// Gives the handler, which must be refused, and checks that nothing has changed.
    template <typename F>
    void expect_refused(F&& handler) {
        const int settings = FakeTime::settings();

        const Result<TimerId> armed = Way::arm(timers_, std::forward<F>(handler));

        ASSERT_FALSE(armed.has_value());
        EXPECT_EQ(armed.error(), std::errc::invalid_argument);
        EXPECT_EQ(timers_.size(), 1U);
        EXPECT_EQ(FakeTime::settings(), settings);
    }
    /// One turn an hour later.
    int fired_after_an_hour() {
        FakeTime::advance(1h);
        EXPECT_EQ(reactor_.run_once(0s).value(), 1U);
        return fired_;
    }

    FakeTime::Begin begin_;
    Reactor reactor_;
    Timers timers_ = Timers::create(reactor_).value();
    int fired_ = 0;
    TimerId other_ = timers_.after(1h, [this] { ++fired_; }).value();
};
using Ways = ::testing::Types<After, At, Every>;
TYPED_TEST_SUITE(TimersThatAreArmed, Ways);

struct Callable {
    void operator()(TimerId /*id*/) const {}
};

TYPED_TEST(TimersThatAreArmed, RefuseHandlersThatCannotBeCalled) {  // [timer.null]
    void (*const null_function)() = nullptr;
    void (*null_function_with_parameters)(TimerId, Expirations, ReactorOps&) = nullptr;
    void (*const null_noexcept)(ReactorOps&) noexcept = nullptr;
    void (ReactorOps::* const null_member)() noexcept = nullptr;
    const std::function<void()> empty;
    std::function<void(TimerId)> moved_from = Callable{};
    const std::function<void(TimerId)> moved_to = std::move(moved_from);

    this->expect_refused(null_function);
    this->expect_refused(null_function_with_parameters);
    this->expect_refused(null_noexcept);
    this->expect_refused(null_member);
    this->expect_refused(empty);
    this->expect_refused(std::function<void(Expirations)>{});
    this->expect_refused(std::move_only_function<void()>{});
    this->expect_refused(std::move_only_function<void(ReactorOps&) const noexcept>{});
    // NOLINTNEXTLINE(bugprone-use-after-move): that is what is refused.
    this->expect_refused(moved_from);

    EXPECT_EQ(this->fired_after_an_hour(), 1);
}

int functions_called = 0;
void function() {
    ++functions_called;
}

TYPED_TEST(TimersThatAreArmed, AcceptFunctionsAndWrappersThatAreNotEmpty) {  // [timer.null]
    functions_called = 0;
    const std::function<void()> wrapped = function;

    EXPECT_TRUE(TypeParam::arm(this->timers_, function));
    EXPECT_TRUE(TypeParam::arm(this->timers_, &function));
    EXPECT_TRUE(TypeParam::arm(this->timers_, wrapped));
    EXPECT_TRUE(TypeParam::arm(this->timers_, std::move_only_function<void()>{function}));
    EXPECT_TRUE(TypeParam::arm(this->timers_, &ReactorOps::stop));

    EXPECT_EQ(this->fired_after_an_hour(), 1);
    EXPECT_EQ(functions_called, 4);
}

}  // namespace
}  // namespace eventp::support
