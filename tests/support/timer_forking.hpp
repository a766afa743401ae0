// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <utility>

#include <gtest/gtest.h>

#include <eventp/timer_id.hpp>

#include "support/child.hpp"
#include "support/fake_time.hpp"

namespace eventp::support {

/// Forks at the first call of here(), and finds out what the child does after that.
class Forking {
public:
    explicit Forking(Fork way) : way_{way} {}

    void here() {
        if (child_ == -1) {
            child_ = fork_by(way_);
            ran_ = 0;
            settings_ = FakeTime::settings();
        }
    }
    /// A handler that the child must not call.
    auto other() {
        return [this] { ++ran_; };
    }
    /// The end of the child. In the parent: whether the child did nothing.
    [[nodiscard]] bool child_did_nothing() {
        if (child_ == 0) {
            end_child(ran_ == 0 && FakeTime::settings() == settings_ &&
                      !::testing::Test::HasFailure());
        }
        return child_ > 0 && ended_well(child_);
    }
    [[nodiscard]] bool is_in_child() const { return child_ == 0; }
    /// How many of the others the parent has called since.
    [[nodiscard]] int ran() const { return ran_; }

private:
    Fork way_;
    pid_t child_ = -1;
    int ran_ = 0;
    int settings_ = 0;
};

/// A handler that forks when it is copied, called or destroyed.
class ForkingHandler {
public:
    enum class When : unsigned char { copied, called, destroyed };

    ForkingHandler(Forking& forking, When when, std::function<void(TimerId)> then = {})
        : forking_{&forking}, when_{when}, then_{std::move(then)} {}
    ForkingHandler(const ForkingHandler& other)
        : forking_{other.forking_}, when_{other.when_}, then_{other.then_}, is_armed_{true} {
        if (when_ == When::copied) {
            forking_->here();
        }
    }
    ForkingHandler& operator=(const ForkingHandler&) = delete;
    ~ForkingHandler() {
        if (when_ == When::destroyed && is_armed_) {
            forking_->here();
        }
    }
    void operator()(TimerId self) const {
        if (when_ == When::called) {
            forking_->here();
        }
        if (then_) {
            then_(self);
        }
    }

private:
    Forking* forking_;
    When when_;
    std::function<void(TimerId)> then_;
    bool is_armed_ = false;  // this is the copy that the Timers has
};

}  // namespace eventp::support
