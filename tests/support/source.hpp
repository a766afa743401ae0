// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <sys/eventfd.h>

#include <eventp/eventp.hpp>

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

/// An eventfd with a subscriber that records what happens to it. The test owns the file and this
/// record; a reactor owns the subscriber only, so both outlive a removal. It may be declared after
/// its reactor.
class Source {
public:
    using Action = std::function<void(Source& self, ReactorOps& reactor)>;

    explicit Source(Interest interest = reading, Action action = {})
        : then{std::move(action)}, interest_{interest}, file_{::eventfd(0, EFD_NONBLOCK)} {}
    Source(const Source&) = delete;
    Source& operator=(const Source&) = delete;
    ~Source() { *self_ = nullptr; }

    class Tap;

    [[nodiscard]] int fd() const noexcept { return file_.fd(); }
    [[nodiscard]] Interest interest() const noexcept { return interest_; }

    /// Makes it readable, and an edge of its own each time.
    void signal() const { EXPECT_EQ(::eventfd_write(fd(), 1), 0); }
    void drain() const {
        eventfd_t value = 0;
        static_cast<void>(::eventfd_read(fd(), &value));
    }

    /// A new subscriber, registered nowhere yet.
    [[nodiscard]] AnySubscriber make();
    /// Registers a new subscriber and remembers its name.
    RegistrationId add_to(ReactorOps& reactor) {
        AnySubscriber subscriber = make();
        const auto added = reactor.add(subscriber);
        EXPECT_EQ(error_of(added), std::error_code{});
        name = added.value_or(RegistrationId{});
        return name;
    }

    Action then;                       // what the handler does
    std::function<void()> on_destroy;  // what the subscriber's destructor does
    RegistrationId name;
    int calls = 0;
    int destroyed = 0;
    Event event;               // of the last call
    Interest told;             // and which interest
    RegistrationId told_name;  // and which name

private:
    Interest interest_;
    OwnedFd file_;
    std::shared_ptr<Source*> self_ = std::make_shared<Source*>(this);  // null when it is destroyed
};

/// The subscriber of a Source.
class Source::Tap {
public:
    explicit Tap(Source& source) : source_{source.self_} {}
    Tap(const Tap&) = delete;
    Tap& operator=(const Tap&) = delete;
    ~Tap() {
        EXPECT_EQ(running_, 0) << "destroyed while its handler runs";
        if (*source_ == nullptr) {
            return;
        }
        ++source().destroyed;
        if (auto action = source().on_destroy) {
            action();
        }
    }

    [[nodiscard]] int fd() const noexcept { return source().fd(); }
    [[nodiscard]] Interest interest() const noexcept { return source().interest(); }
    [[nodiscard]] Source& source() const noexcept { return **source_; }

    void handle(Event reported, Interest asked, RegistrationId own, ReactorOps& reactor) {
        struct Running {
            explicit Running(int& depth) : count{depth} { ++count; }
            Running(const Running&) = delete;
            Running& operator=(const Running&) = delete;
            ~Running() { --count; }
            int& count;
        };
        const Running scope{running_};
        Source& self = source();
        ++self.calls;
        self.event = reported;
        self.told = asked;
        self.told_name = own;
        if (auto action = self.then) {
            action(self, reactor);
        }
    }

private:
    std::shared_ptr<Source*> source_;
    int running_ = 0;
};

inline AnySubscriber Source::make() {
    return AnySubscriber::make<Tap>(*this);
}

/// Several sources in one reactor. The kernel chooses the order of a batch, so what they do
/// is given by position: the handler that runs first, second and so on, since the last reset().
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
    void drain_all() const {
        for (const Source& member : members) {
            member.drain();
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
    std::vector<Source*> order;  // who ran
};

}  // namespace eventp::support
