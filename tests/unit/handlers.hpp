// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/epoll.h>

#include <eventp/builder.hpp>
#include <eventp/testing/fire.hpp>
#include <eventp/testing/mock_reactor.hpp>

namespace eventp::support {

/// The descriptor object of these tests.
struct Door {
    explicit Door(int number) : number_{number} {}
    [[nodiscard]] int fd() const noexcept { return number_; }

    void on_event(Event event, ReactorOps& by) {
        seen = event;
        reactor = &by;
    }
    void on_const(Event /*event*/) const noexcept { ++*const_calls; }
    void on_lvalue(RegistrationId name) & { registration = name; }

    Event seen;
    ReactorOps* reactor = nullptr;
    RegistrationId registration;
    std::shared_ptr<int> const_calls = std::make_shared<int>(0);

private:
    int number_;
};

inline constexpr Event event{EPOLLIN | EPOLLPRI};

/// Registers a handler with Door 7, fires it once and returns its registration.
class HandlerTest : public ::testing::Test {
protected:
    template <typename Ready>
    RegistrationId fire_once(Ready&& ready) {
        const auto name = std::forward<Ready>(ready).register_into(reactor);
        EXPECT_TRUE(name);
        testing::fire(*name, event, reactor);
        return *name;
    }
    template <typename F>
    RegistrationId fire_handler(F&& handler) {
        return fire_once(interest().read().with_fd(Door{7}).with_handler(std::forward<F>(handler)));
    }

    ::testing::NiceMock<testing::MockReactor> reactor;
};

inline int free_calls = 0;
inline void count_call() {
    ++free_calls;
}
inline void count_event(Event what) noexcept {
    free_calls += what == event ? 1 : 100;
}

}  // namespace eventp::support
