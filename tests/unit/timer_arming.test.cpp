// SPDX-License-Identifier: MIT
//
// The constructor of a handler calls back while its timer is being armed.
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <eventp/reactor.hpp>
#include <eventp/timer.hpp>

#include "support/fake_time.hpp"
#include "support/source.hpp"

namespace eventp::support {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

/// A handler that calls a function when it is copied, and writes "called" when it is called.
class CallsBack {
public:
    CallsBack(std::function<void()> when_copied, std::vector<std::string>& log, int& live)
        : when_copied_{std::move(when_copied)}, log_{&log}, live_{&live} {
        ++*live_;
    }
    CallsBack(const CallsBack& other)
        : when_copied_{other.when_copied_}, log_{other.log_}, live_{other.live_} {
        ++*live_;
        when_copied_();
    }
    CallsBack& operator=(const CallsBack&) = delete;
    ~CallsBack() { --*live_; }
    void operator()() const { log_->emplace_back("called"); }

private:
    std::function<void()> when_copied_;
    std::vector<std::string>* log_;
    int* live_;
};

class AHandlerWhoseConstructor : public ::testing::Test {
protected:
    /// Arms a timer in 10 ns whose handler's constructor calls `when_copied`.
    Result<TimerId> arm(std::function<void()> when_copied) {
        const CallsBack handler{std::move(when_copied), log_, live_};
        return timers_->after(10ns, handler);
    }
    void turn() { static_cast<void>(reactor_->run_once(0s)); }
    auto write(const char* text) {
        return [this, text] { log_.emplace_back(text); };
    }

    FakeTime::Begin begin_;
    std::vector<std::string> log_;
    int live_ = 0;
    std::optional<Reactor> reactor_{std::in_place};
    std::optional<Timers> timers_{Timers::create(*reactor_).value()};
};

TEST_F(AHandlerWhoseConstructor, DestroysTheTimersIsRefused) {  // [timer.lifetime]
    timers_->after(1ns, write("other")).value();

    const auto armed = arm([this] { timers_.reset(); });

    EXPECT_EQ(error_of(armed), std::errc::broken_pipe);
    EXPECT_EQ(live_, 0);
    FakeTime::advance(1h);
    turn();
    EXPECT_TRUE(log_.empty());
    EXPECT_EQ(reactor_->stats().registered, 0U);
}

TEST_F(AHandlerWhoseConstructor, DestroysTheReactorIsRefused) {  // [timer.lifetime]
    const auto armed = arm([this] { reactor_.reset(); });

    EXPECT_EQ(error_of(armed), std::errc::broken_pipe);
    EXPECT_EQ(live_, 0);
    EXPECT_EQ(timers_->size(), 0U);
}

TEST_F(AHandlerWhoseConstructor, DestroysTheTimersAndTheReactorIsRefused) {  // [timer.lifetime]
    const auto armed = arm([this] {
        timers_.reset();
        reactor_.reset();
    });

    EXPECT_EQ(error_of(armed), std::errc::broken_pipe);
    EXPECT_EQ(live_, 0);
}

TEST_F(AHandlerWhoseConstructor, MovesTheTimersIsArmed) {  // [timer.lifetime]
    std::optional<Timers> moved;

    const auto armed = arm([&] { moved = std::move(*timers_); });

    ASSERT_TRUE(armed.has_value());
    EXPECT_TRUE(moved->cancel(*armed));
    EXPECT_EQ(live_, 0);
}

TEST_F(AHandlerWhoseConstructor, ArmsAnotherIsArmedAfterThat) {  // [timer.fifo]
    const auto armed = arm([this] { timers_->after(10ns, write("inner")).value(); });
    timers_->after(10ns, write("last")).value();

    ASSERT_TRUE(armed.has_value());
    FakeTime::advance(10ns);
    turn();
    EXPECT_THAT(log_, ElementsAre("inner", "called", "last"));
}

TEST_F(AHandlerWhoseConstructor, ArmsAThousandOthersKeepsItsPlace) {  // [timer.after]
    const auto armed = arm([this] {
        for (int i = 0; i < 1000; ++i) {
            timers_->after(1h, [] {}).value();
        }
    });

    EXPECT_EQ(timers_->size(), 1001U);
    EXPECT_TRUE(timers_->cancel(armed.value()));
    EXPECT_EQ(live_, 0);
}

TEST_F(AHandlerWhoseConstructor, RunsTheReactorWakesItInTime) {  // [timer.lazy] [timer.after]
    timers_->after(1h, write("later")).value();

    const auto armed = arm([this] {
        FakeTime::advance(10ns);
        turn();  // sets the kernel's timer for the timers that are armed by then
    });

    ASSERT_TRUE(armed.has_value());
    EXPECT_LE(FakeTime::last_set(), FakeTime::now());
    turn();
    EXPECT_THAT(log_, ElementsAre("called"));
}

TEST_F(AHandlerWhoseConstructor,
       MakesTheKernelFailIsRefusedAndDestroyed) {  // [timer.after]
    timers_->after(1h, write("later")).value();

    const auto armed = arm([this] {
        FakeTime::advance(10ns);
        turn();
        FakeTime::fail_with(-ENOMEM);
    });
    FakeTime::fail_with(0);

    EXPECT_EQ(error_of(armed), std::errc::not_enough_memory);
    EXPECT_EQ(live_, 0);
    EXPECT_EQ(timers_->size(), 1U);
}

}  // namespace
}  // namespace eventp::support
