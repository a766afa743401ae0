// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <eventp/detail/slot_access.hpp>
#include <eventp/eventp.hpp>

#include "support/files.hpp"
#include "support/watchdog.hpp"

namespace eventp::support {

inline constexpr Interest reading = Interest{}.read();
inline constexpr Interest reading_edges = reading.edge_triggered();
inline constexpr Interest reading_once = reading.oneshot();
inline constexpr Interest reading_exclusively = reading.exclusive();
inline constexpr Interest nothing{};

/// The error of a result; none when it has a value.
template <typename T>
[[nodiscard]] std::error_code error_of(const Result<T>& result) {
    return result ? std::error_code{} : result.error();
}

/// One turn that does not wait: how many handlers ran. Fails the test on an error.
inline std::size_t poll(Reactor& reactor) {
    const auto turned = reactor.run_once(std::chrono::seconds{0});
    EXPECT_EQ(error_of(turned), std::error_code{});
    return turned.value_or(0);
}

/// A member of an object that must not be destroyed while one of its functions runs.
class Running {
public:
    Running() = default;
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;
    ~Running() { EXPECT_EQ(depth_, 0) << "destroyed while one of its functions runs"; }

    template <typename F>
    void run(F function) {
        const std::unique_ptr<int, void (*)(int*)> end{&++depth_, [](int* depth) { --*depth; }};
        function();
    }

private:
    int depth_ = 0;
};

/// The subscriber of nearly all tests: it records what happens to it and does what its hooks say.
/// The record and the hooks belong to the test, and a reactor owns a Tap only: a Source may be
/// destroyed before or after its reactor.
class Source {
public:
    using Action = std::function<void(Source& self, ReactorOps& reactor)>;

    /// Has an eventfd of its own.
    explicit Source(Interest wanted = reading, Action action = {})
        : file{make_eventfd()}, number{file.fd()}, then{std::move(action)}, interest_{wanted} {}
    /// Has a descriptor that the test opens, closes and replaces.
    explicit Source(int watched, Interest wanted = reading, Action action = {})
        : number{watched}, then{std::move(action)}, interest_{wanted} {}
    Source(const Source&) = delete;
    Source& operator=(const Source&) = delete;
    ~Source() { *self_ = nullptr; }

    class Tap;
    class ForkTap;

    [[nodiscard]] int fd() const noexcept { return number; }
    [[nodiscard]] Interest interest() const noexcept { return interest_; }

    /// Makes its eventfd readable, with an edge for each call.
    void signal() const { EXPECT_EQ(::eventfd_write(number, 1), 0); }
    void drain() const {
        eventfd_t value = 0;
        static_cast<void>(::eventfd_read(number, &value));
    }

    /// A new subscriber, registered nowhere yet.
    [[nodiscard]] AnySubscriber make();
    /// Registers a new subscriber.
    RegistrationId add_to(ReactorOps& reactor) {
        AnySubscriber subscriber = make();
        const auto added = reactor.add(subscriber);
        EXPECT_EQ(error_of(added), std::error_code{});
        name = added.value_or(RegistrationId{});
        return name;
    }

    OwnedFd file;
    int number;  // what fd() returns

    // What the functions of the subscriber do.
    Action then;                       // handle()
    std::function<void()> on_fd;       // fd(), before it returns the number
    Action after_fork;                 // a subscriber made without this one has no after_fork()
    std::function<void()> on_destroy;  // the destructor

    RegistrationId name;        // of the last add_to()
    std::uint64_t address = 0;  // of the last subscriber, as the kernel has it
    int calls = 0;
    int destroyed = 0;
    // The arguments of the last call.
    Event event;
    Interest told;
    RegistrationId told_name;

private:
    Interest interest_;
    int made_ = 0;
    std::shared_ptr<Source*> self_ = std::make_shared<Source*>(this);  // null: destroyed
};

/// The subscriber of a Source.
class Source::Tap {
public:
    explicit Tap(Source& source) : source_{source.self_} { ++source.made_; }
    Tap(const Tap&) = delete;
    Tap& operator=(const Tap&) = delete;
    ~Tap() {
        if (*source_ == nullptr) {
            return;
        }
        ++source().destroyed;
        if (const auto action = source().on_destroy) {
            action();
        }
    }

    [[nodiscard]] int fd() const {
        if (const auto action = source().on_fd) {
            action();
        }
        return source().number;
    }
    [[nodiscard]] Interest interest() const noexcept { return source().interest(); }
    [[nodiscard]] Source& source() const noexcept { return **source_; }

    void handle(Event reported, Interest asked, RegistrationId own, ReactorOps& reactor) {
        Source& self = source();
        EXPECT_LT(self.destroyed, self.made_) << "called after it was destroyed";
        ++self.calls;
        self.event = reported;
        self.told = asked;
        self.told_name = own;
        run(self.then, reactor);
    }

protected:
    void run(const Action& hook, ReactorOps& reactor) {
        if (const auto action = hook) {  // a copy, because it may replace itself
            running_.run([&] { action(source(), reactor); });
        }
    }

private:
    std::shared_ptr<Source*> source_;
    Running running_;
};

/// A reactor keeps it in a forked child.
class Source::ForkTap : public Tap {
public:
    using Tap::Tap;
    void after_fork(ReactorOps& reactor) { run(source().after_fork, reactor); }
};

inline AnySubscriber Source::make() {
    AnySubscriber made =
        after_fork ? AnySubscriber::make<ForkTap>(*this) : AnySubscriber::make<Tap>(*this);
    address = reinterpret_cast<std::uintptr_t>(detail::SlotAccess::slot_of(made));
    return made;
}

/// Several sources in one reactor. The kernel chooses the order of a batch, so an action is given
/// the position of the handler that runs: the first since the crowd was made is 0.
class Crowd {
public:
    using Action = std::function<void(std::size_t position, Source& self, ReactorOps& reactor)>;

    Crowd(ReactorOps& reactor, std::size_t size, Interest interest, Action action = {})
        : then{std::move(action)} {
        for (std::size_t i = 0; i < size; ++i) {
            members.emplace_back(interest, [this](Source& self, ReactorOps& by) {
                order.push_back(&self);
                if (then) {
                    then(order.size() - 1, self, by);
                }
            });
            members.back().add_to(reactor);
        }
    }

    void signal_all() const {
        for (const Source& member : members) {
            member.signal();
        }
    }
    /// A member that has not run yet; fails the test when all have.
    [[nodiscard]] Source& waiting() {
        for (Source& member : members) {
            if (member.calls == 0) {
                return member;
            }
        }
        ADD_FAILURE() << "all have run";
        return members.front();
    }

    Action then;
    std::deque<Source> members;
    std::vector<Source*> order;  // those that ran
};

}  // namespace eventp::support
