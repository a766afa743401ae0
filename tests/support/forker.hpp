// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>

#include <gtest/gtest.h>

#include "support/files.hpp"
#include "support/source.hpp"

namespace eventp::support {

/// What a Forker does in a forked child, and what happens to it. The test owns this and its file,
/// which is ready; both outlive a removal. It may be declared after its reactor.
struct Forks {
    Forks() = default;
    Forks(const Forks&) = delete;
    Forks& operator=(const Forks&) = delete;
    ~Forks() { *self = nullptr; }

    RegistrationId add_to(ReactorOps& reactor);

    OwnedFd file = make_eventfd(1);
    int number = file.fd();
    std::function<void(Forks& self, ReactorOps& reactor)> after_fork;
    int calls = 0;
    int destroyed = 0;
    RegistrationId name;
    std::shared_ptr<Forks*> self = std::make_shared<Forks*>(this);  // null when it is destroyed
};

/// A subscriber that knows forks.
class Forker {
public:
    explicit Forker(const Forks& forks) : forks_{forks.self} {}
    Forker(const Forker&) = delete;
    Forker& operator=(const Forker&) = delete;
    ~Forker() {
        EXPECT_EQ(running_, 0) << "destroyed while its after_fork() runs";
        if (*forks_ != nullptr) {
            ++forks().destroyed;
        }
    }

    [[nodiscard]] int fd() const noexcept { return forks().number; }
    [[nodiscard]] Interest interest() const noexcept { return reading; }
    void handle() const { ++forks().calls; }
    void after_fork(ReactorOps& reactor) {
        struct Running {
            explicit Running(int& depth) : count{depth} { ++count; }
            Running(const Running&) = delete;
            Running& operator=(const Running&) = delete;
            ~Running() { --count; }
            int& count;
        };
        const Running scope{running_};
        if (const auto action = forks().after_fork) {
            action(forks(), reactor);
        }
    }

private:
    [[nodiscard]] Forks& forks() const noexcept { return **forks_; }

    std::shared_ptr<Forks*> forks_;
    int running_ = 0;
};

inline RegistrationId Forks::add_to(ReactorOps& reactor) {
    AnySubscriber subscriber = AnySubscriber::make<Forker>(*this);
    const auto added = reactor.add(subscriber);
    EXPECT_EQ(error_of(added), std::error_code{});
    name = added.value_or(RegistrationId{});
    return name;
}

}  // namespace eventp::support
