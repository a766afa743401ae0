// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include <gtest/gtest.h>

#include "support/files.hpp"
#include "support/source.hpp"

namespace eventp::support {

/// What a Talker answers, and what it does before; the test changes both. It may be declared behind
/// its reactor.
struct Talk {
    Talk() = default;
    Talk(const Talk&) = delete;
    Talk& operator=(const Talk&) = delete;
    ~Talk() { *self = nullptr; }

    OwnedFd file = make_eventfd();
    int number = file.fd();
    std::function<void()> first;  // done once
    Interest told;                // by the last call
    int calls = 0;
    int destroyed = 0;
    RegistrationId name;
    std::shared_ptr<Talk*> self = std::make_shared<Talk*>(this);  // null when it is gone
};

/// A subscriber whose fd() calls back.
class Talker {
public:
    explicit Talker(const Talk& talk) : talk_{talk.self} {}
    Talker(const Talker&) = delete;
    Talker& operator=(const Talker&) = delete;
    ~Talker() {
        EXPECT_EQ(asked_, 0) << "destroyed while its fd() runs";
        if (*talk_ != nullptr) {
            ++talk().destroyed;
        }
    }

    [[nodiscard]] int fd() const {
        ++asked_;
        if (const auto action = std::exchange(talk().first, nullptr)) {
            action();
        }
        --asked_;
        return talk().number;
    }
    [[nodiscard]] Interest interest() const { return reading; }
    void handle(Interest told) const {
        ++talk().calls;
        talk().told = told;
    }

private:
    [[nodiscard]] Talk& talk() const noexcept { return **talk_; }

    std::shared_ptr<Talk*> talk_;
    mutable int asked_ = 0;
};

}  // namespace eventp::support
