// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <utility>

namespace eventp::support {

/// A handler or a closure that runs `code` when it is copied, called or destroyed. The one that a
/// test makes does not run it when it is destroyed; those that are copied or moved from it do.
class UserCode {
public:
    enum class When : unsigned char { copied, called, destroyed };

    UserCode(When when, std::function<void()> code) : when_{when}, code_{std::move(code)} {}
    UserCode(const UserCode& other)
        : when_{other.when_}, code_{other.code_}, is_handed_over_{true} {
        run(When::copied);
    }
    UserCode(UserCode&& other) noexcept
        : when_{other.when_}, code_{std::exchange(other.code_, nullptr)}, is_handed_over_{true} {}
    UserCode& operator=(const UserCode&) = delete;
    ~UserCode() {
        if (is_handed_over_) {
            run(When::destroyed);
        }
    }
    void operator()() const { run(When::called); }

private:
    void run(When now) const {
        if (now == when_ && code_) {
            code_();
        }
    }

    When when_;
    std::function<void()> code_;
    bool is_handed_over_ = false;
};

}  // namespace eventp::support
