// SPDX-License-Identifier: MIT
//
// Handlers given to ChildProcess::on_exit(), with a mock.
#include <eventp/child.hpp>

#include <functional>
#include <memory>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/epoll.h>

#include <eventp/testing/fire.hpp>
#include <eventp/testing/mock_reactor.hpp>

#include "support/children.hpp"
#include "support/source.hpp"

namespace eventp::support {
namespace {

using ::testing::NiceMock;

static_assert(Descriptor<ChildProcess>);
static_assert(!HasAfterFork<ChildProcess>);  // a forked child destroys it
static_assert(std::is_nothrow_move_constructible_v<ChildProcess>);
static_assert(std::is_nothrow_move_assignable_v<ChildProcess>);
static_assert(!std::is_copy_constructible_v<ChildProcess>);
static_assert(std::is_nothrow_move_constructible_v<ChildSignaler>);
static_assert(!std::is_convertible_v<pid_t, ChildProcess>);

/// A child that has exited with 3.
ChildProcess ended() {
    ChildProcess child = ChildProcess::spawn(shell("exit 3")).value();
    EXPECT_EQ(child.wait(), ExitStatus::exited(3));
    return child;
}

class ExitHandlers : public ::testing::Test {
protected:
    template <typename F>
    void fire(F&& handler) {
        const auto name = ended().on_exit(std::forward<F>(handler)).register_into(reactor_);
        ASSERT_TRUE(name);
        testing::fire(*name, Event{EPOLLIN}, reactor_);
        EXPECT_EQ(reactor_.size(), 0U);
    }

    NiceMock<testing::MockReactor> reactor_;
    int calls_ = 0;
};

TEST_F(ExitHandlers, TakeAnySubsetInAnyOrder) {  // [child.parameters]
    fire([&] { ++calls_; });
    fire([&](ExitStatus status) {
        EXPECT_EQ(status, ExitStatus::exited(3));
        ++calls_;
    });
    fire([&](ReactorOps& ops, const ExitStatus& status) {
        EXPECT_EQ(&ops, &reactor_);
        EXPECT_EQ(status.code(), 3);
        ++calls_;
    });
    fire([&](const ChildProcess& child) noexcept {
        EXPECT_GT(child.pid(), 0);
        ++calls_;
    });
    fire([&](const ReactorOps&, ChildProcess& child, ExitStatus status) mutable {
        EXPECT_EQ(child.status(), status);
        ++calls_;
    });
    EXPECT_EQ(calls_, 5);
}

int free_calls = 0;
void count_exit(ExitStatus status) {
    free_calls += status.code().value_or(100);
}

struct Overloaded {
    int* chosen;
    void operator()() const { *chosen = 0; }
    void operator()(ExitStatus) const { *chosen = 1; }
    void operator()(ExitStatus, ChildProcess&) const { *chosen = 2; }
};

TEST_F(ExitHandlers, AreFunctionsFunctorsAndGenericLambdas) {  // [child.parameters]
    fire(count_exit);
    fire(&count_exit);
    EXPECT_EQ(free_calls, 6);

    int chosen = -1;
    fire(Overloaded{&chosen});
    EXPECT_EQ(chosen, 2);

    fire([&](auto&&... all) { calls_ = static_cast<int>(sizeof...(all)); });
    EXPECT_EQ(calls_, 3);
    fire(std::bind_front([](int* to, ExitStatus status) { *to = *status.code(); }, &calls_));
    EXPECT_EQ(calls_, 3);
    fire(std::bind_front([](int* to, ReactorOps&) { *to = 7; }, &calls_));
    EXPECT_EQ(calls_, 7);
    fire(std::bind_front([](int* to, ChildProcess& child) { *to = child.fd() < 0; }, &calls_));
    EXPECT_EQ(calls_, 0);
}

TEST_F(ExitHandlers, MayBeMoveOnly) {  // [child.parameters]
    fire([&, one = std::make_unique<int>(1)] { calls_ += *one; });
    EXPECT_EQ(calls_, 1);
}

TEST_F(ExitHandlers, AreNotCalledWhileTheChildRuns) {  // [child.on_exit]
    const Idle idle;
    const auto name = idle.start().on_exit([&] { ++calls_; }).register_into(reactor_).value();

    testing::fire(name, Event{EPOLLIN}, reactor_);

    EXPECT_EQ(calls_, 0);
    EXPECT_TRUE(reactor_.contains(name));
    EXPECT_EQ(reactor_.find<ChildProcess>(name)->status(), std::nullopt);
}

TEST_F(ExitHandlers, FindTheirChildUnregistered) {  // [child.on_exit]
    fire([&](ChildProcess& child, ReactorOps& ops) { calls_ += ops.contains(child) ? 0 : 1; });
    EXPECT_EQ(calls_, 1);
}

#if defined(__cpp_exceptions)
TEST_F(ExitHandlers, AreDestroyedWithTheChildWhenTheyThrow) {  // [child.on_exit]
    const auto name =
        ended().on_exit([] { throw std::runtime_error{"no"}; }).register_into(reactor_).value();

    EXPECT_THROW(testing::fire(name, Event{EPOLLIN}, reactor_), std::runtime_error);

    EXPECT_EQ(reactor_.size(), 0U);
}
#endif

TEST_F(ExitHandlers, AreDestroyedWithTheChildOnlyIfRegisterIntoFails) {  // [child.on_exit]
    const Idle idle;
    using ::testing::_;
    using ::testing::Return;
    EXPECT_CALL(reactor_, add(_)).WillOnce([](AnySubscriber&) {
        return detail::error(std::errc::no_space_on_device);
    });
    AnySubscriber subscriber = idle.start().on_exit([] {}).build();

    EXPECT_FALSE(reactor_.add(subscriber));

    EXPECT_EQ(subscriber.find<ChildProcess>()->status(), std::nullopt) << "it lives";
}

/// Builds a subscriber with a handler that cannot be called, and registers another one.
template <typename F>
void expect_refused(F handler, ReactorOps& reactor) {
    ChildProcess built = ended();
    EXPECT_FALSE(std::move(built).on_exit(handler).build());
    EXPECT_EQ(error_of(ended().on_exit(std::move(handler)).register_into(reactor)),
              std::errc::invalid_argument);
}

TEST_F(ExitHandlers, AreRefusedIfTheyAreNullOrEmpty) {  // [child.on_exit] [handler.null]
    using Pointer = void (*)(ExitStatus);
    expect_refused(Pointer{nullptr}, reactor_);
    expect_refused(std::function<void(ExitStatus)>{}, reactor_);
    expect_refused(std::function<void()>{}, reactor_);
    EXPECT_EQ(
        error_of(
            ended().on_exit(std::move_only_function<void(ReactorOps&)>{}).register_into(reactor_)),
        std::errc::invalid_argument);
    EXPECT_EQ(reactor_.size(), 0U);

    fire(std::function<void(ExitStatus)>{[&](ExitStatus) { ++calls_; }});
    EXPECT_EQ(calls_, 1);
}

TEST_F(ExitHandlers, ThatAreRefusedDestroyTheirChild) {  // [child.on_exit] [handler.null]
    const Idle idle;
    ChildProcess child = idle.start();
    const pid_t pid = child.pid();

    EXPECT_FALSE(std::move(child).on_exit(std::function<void()>{}).register_into(reactor_));

    EXPECT_FALSE(is_unreaped(pid));
}

}  // namespace
}  // namespace eventp::support
