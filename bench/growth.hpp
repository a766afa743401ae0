// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <eventp/eventp.hpp>

#include "sources.hpp"

/// callgrind collects inside of this function only; it makes two getppid(2), between which
/// tools/bench_growth.py counts the system calls.
extern "C" void eventp_bench_measured(void (*run)(void*), void* context);

namespace bench::growth {

/// One operation beside n others.
struct Row {
    std::string_view name;
    std::size_t (*run)(std::size_t n);  // returns how many operations were measured
};

[[nodiscard]] std::span<const Row> registration_rows();
[[nodiscard]] std::span<const Row> source_rows();  // timers and closures

inline constexpr std::size_t times = 64;  // operations, unless a row needs others

template <typename Run>
void measure(Run run) {
    eventp_bench_measured([](void* context) { (*static_cast<Run*>(context))(); }, &run);
}

inline constexpr eventp::Interest reading = eventp::interest().read();
inline constexpr eventp::Interest both = eventp::interest().read_write();

struct DoNothing {
    void operator()() const {}
};

template <typename Handler>
eventp::RegistrationId add_to(eventp::Reactor& reactor, int fd, Handler handler,
                              eventp::Interest interest = reading) {
    return interest.with_fd(eventp::BorrowedFd{fd})
        .with_handler(std::move(handler))
        .register_into(reactor)
        .value();
}

inline void turn(eventp::Reactor& reactor) {
    static_cast<void>(reactor.run_once(std::chrono::nanoseconds::zero()));
}

/// A reactor with n idle registrations, and descriptors that are not registered.
struct Beside {
    explicit Beside(std::size_t n, std::size_t capacity = 512)
        : others{n}, reactor{eventp::Reactor::Options{.event_capacity = capacity}} {
        for (const int fd : others.numbers()) {
            add_to(reactor, fd, DoNothing{});
        }
        names.reserve(times);
        add_own();  // so that the registry has rows for them
        remove_own();
    }
    void add_own() {
        for (const int fd : own.numbers()) {
            names.push_back(add_to(reactor, fd, DoNothing{}));
        }
    }
    void remove_own() {
        for (const eventp::RegistrationId name : names) {
            reactor.remove(name);
        }
        names.clear();
        turn(reactor);
    }

    EventFds others;
    EventFds own{times};
    eventp::Reactor reactor;
    std::vector<eventp::RegistrationId> names;
};

}  // namespace bench::growth
