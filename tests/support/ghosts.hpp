// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <eventp/detail/slot_access.hpp>
#include <eventp/eventp.hpp>

#include "support/files.hpp"
#include "support/source.hpp"

namespace eventp::support {

/// A subscriber on a descriptor that the test opens, closes and replaces itself, without a call of
/// the reactor. Records what happens to it and outlives it.
class Watched {
public:
    using Action = std::function<void(Watched& self, ReactorOps& reactor)>;

    explicit Watched(int watched, Interest interest = reading, Action action = {})
        : number{watched}, then{std::move(action)}, interest_{interest} {}
    Watched(const Watched&) = delete;
    Watched& operator=(const Watched&) = delete;
    ~Watched() { *self_ = nullptr; }

    class Tap {
    public:
        explicit Tap(const Watched& owner) : owner_{owner.self_} {}
        Tap(const Tap&) = delete;
        Tap& operator=(const Tap&) = delete;
        ~Tap() {
            if (*owner_ != nullptr) {
                ++owner().destroyed;
            }
        }
        [[nodiscard]] int fd() const noexcept { return owner().number; }
        [[nodiscard]] Interest interest() const noexcept { return owner().interest_; }
        void handle(Event reported, ReactorOps& reactor) {
            EXPECT_EQ(owner().destroyed, 0) << "called when it was destroyed";
            ++owner().calls;
            owner().event = reported;
            if (const Action action = owner().then) {
                action(owner(), reactor);
            }
        }

    private:
        [[nodiscard]] Watched& owner() const noexcept { return **owner_; }
        std::shared_ptr<Watched*> owner_;
    };

    [[nodiscard]] Interest interest() const noexcept { return interest_; }
    [[nodiscard]] AnySubscriber make() {
        AnySubscriber made = AnySubscriber::make<Tap>(*this);
        address = reinterpret_cast<std::uintptr_t>(detail::SlotAccess::slot_of(made));
        return made;
    }
    RegistrationId add_to(ReactorOps& reactor) {
        AnySubscriber subscriber = make();
        const auto added = reactor.add(subscriber);
        EXPECT_EQ(error_of(added), std::error_code{});
        name = added.value_or(RegistrationId{});
        return name;
    }

    int number;
    Action then;
    RegistrationId name;
    std::uint64_t address = 0;  // what the kernel is given
    int calls = 0;
    int destroyed = 0;
    Event event;

private:
    Interest interest_;
    std::shared_ptr<Watched*> self_ =
        std::make_shared<Watched*>(this);  // null when it is destroyed
};

/// A second number of the same open file.
[[nodiscard]] inline OwnedFd duplicate(int fd) {
    return OwnedFd{::fcntl(fd, F_DUPFD_CLOEXEC, 0)};
}

inline void signal(const OwnedFd& file) {
    EXPECT_EQ(::eventfd_write(file.fd(), 1), 0);
}

/// Turns until the set was rebuilt: how many it took. Fails the test when it takes more than
/// `turns_max`.
inline int turns_until_rebuilt(Reactor& reactor, int turns_max) {
    const auto before = reactor.stats().rebuilds;
    for (int turns = 0; turns <= turns_max; ++turns) {
        if (reactor.stats().rebuilds != before) {
            return turns;
        }
        poll(reactor);
    }
    ADD_FAILURE() << "not rebuilt after " << turns_max << " turns";
    return turns_max;
}

/// A subscriber that was removed while a duplicate of its file lives: the kernel continues to
/// report it with the address of the removed one.
class Ghost {
public:
    explicit Ghost(Reactor& reactor, Interest interest = reading) : Ghost{reactor, interest, -1} {}
    Ghost(Reactor& reactor, Interest interest, int number) : watched{number, interest} {
        OwnedFd file = number < 0 ? make_eventfd() : make_eventfd_at(number);
        watched.number = file.fd();
        watched.add_to(reactor);
        file_ = duplicate(file.fd());
        file.reset();
        EXPECT_TRUE(reactor.remove(watched.name));
    }

    void signal() const { support::signal(file_); }
    void die() { file_.reset(); }
    [[nodiscard]] const OwnedFd& file() const noexcept { return file_; }

    Watched watched;

private:
    OwnedFd file_;
};

/// Has the set rebuilt outside a turn: a extract() of a closed descriptor cannot do without.
inline void rebuild_now(Reactor& reactor) {
    const auto before = reactor.stats().rebuilds;
    OwnedFd file = make_eventfd();
    Watched watched{file.fd()};
    watched.add_to(reactor);
    file.reset();
    EXPECT_TRUE(reactor.extract(watched.name));
    EXPECT_EQ(reactor.stats().rebuilds, before + 1);
}

/// For as long as it lives this process can open no descriptor: what is open stays so.
class NoNumberLeft {
public:
    NoNumberLeft() {
        EXPECT_EQ(::getrlimit(RLIMIT_NOFILE, &before_), 0);
        rlimit none = before_;  // new numbers are the lowest free ones
        none.rlim_cur = static_cast<rlim_t>(closed_number());
        EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
    }
    NoNumberLeft(const NoNumberLeft&) = delete;
    NoNumberLeft& operator=(const NoNumberLeft&) = delete;
    ~NoNumberLeft() { EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &before_), 0); }

private:
    rlimit before_{};
};

}  // namespace eventp::support
