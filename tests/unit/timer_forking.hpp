// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <utility>

#include <eventp/timer_id.hpp>

#include "support/fake_time.hpp"
#include "support/forks.hpp"
#include "support/user_code.hpp"

namespace eventp::support {

/// Forks at the first call of here(), and finds out what the child does after that.
class Forking {
public:
    explicit Forking(Fork way) : forks_{way} {}

    void here() {
        if (forks_()) {
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
        return forks_.end([&] { return ran_ == 0 && FakeTime::settings() == settings_; });
    }
    [[nodiscard]] bool is_in_child() const { return forks_.is_child(); }
    /// How many of the others the parent has called since.
    [[nodiscard]] int ran() const { return ran_; }

private:
    ForkOnce forks_;
    int ran_ = 0;
    int settings_ = 0;
};

/// A handler that forks when it is copied, called or destroyed, and then does something when it is
/// called.
class ForkingHandler : public UserCode {
public:
    ForkingHandler(Forking& forking, When when, std::function<void(TimerId)> then = {})
        : UserCode{when, [&forking] { forking.here(); }}, then_{std::move(then)} {}

    void operator()(TimerId self) const {
        UserCode::operator()();
        if (then_) {
            then_(self);
        }
    }

private:
    std::function<void(TimerId)> then_;
};

}  // namespace eventp::support
