// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <system_error>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <eventp/testing/mock_reactor.hpp>

namespace eventp::support {

using Action = std::function<void(ReactorOps&, RegistrationId)>;

/// Counts its destructions and runs an action when it is called; any number will do.
struct Probe {
    Probe(int number, int& ended, Action action = {}, Interest wanted = Interest{}.read())
        : then{std::move(action)}, wants{wanted}, destroyed{&ended}, number_{number} {}
    Probe(const Probe&) = delete;
    Probe& operator=(const Probe&) = delete;
    ~Probe() {
        ++*destroyed;
        if (on_destroy) {
            on_destroy();
        }
    }

    [[nodiscard]] int fd() const noexcept { return number_; }
    [[nodiscard]] Interest interest() const noexcept { return wants; }
    void handle(Event what, Interest registered, RegistrationId name, ReactorOps& reactor) {
        event = what;
        told = registered;
        ++calls;
        if (then) {
            then(reactor, name);
        }
    }

    Action then;
    std::function<void()> on_destroy;
    Interest wants;
    Event event;
    Interest told;
    int* destroyed;
    int calls = 0;

private:
    int number_;
};

class Mock : public ::testing::Test {
protected:
    RegistrationId add(int number, Action action = {}, Interest wanted = Interest{}.read()) {
        auto subscriber = AnySubscriber::make<Probe>(number, destroyed, std::move(action), wanted);
        return reactor.add(subscriber).value_or(RegistrationId{});
    }
    std::error_code refusal(int number, Interest wanted = Interest{}.read()) {
        auto subscriber = AnySubscriber::make<Probe>(number, destroyed, Action{}, wanted);
        const auto added = reactor.add(subscriber);
        EXPECT_TRUE(subscriber) << "a refused subscriber stays its owner's";
        return added ? std::error_code{} : added.error();
    }

    int destroyed = 0;
    ::testing::NiceMock<testing::MockReactor> reactor;
};

}  // namespace eventp::support
