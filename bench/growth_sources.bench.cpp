// SPDX-License-Identifier: MIT
//
// Rows of timers and of closures from other threads, beside n others of their kind.
#include <algorithm>
#include <array>
#include <chrono>
#include <random>
#include <vector>

#include <eventp/timer.hpp>

#include "growth.hpp"

namespace bench::growth {

namespace {

using namespace std::chrono_literals;

/// n armed timers, one of which expires before the own ones.
struct BesideTimers {
    explicit BesideTimers(std::size_t n) {
        static_cast<void>(timers.after(50s, DoNothing{}).value());
        for (std::size_t i = 1; i < n; ++i) {
            static_cast<void>(timers.after(random_delay(), DoNothing{}).value());
        }
        own.reserve(times);
        std::ranges::generate(delays, [this] { return random_delay(); });
        arm_own();  // so that there is memory for them
        cancel_own();
    }
    std::chrono::seconds random_delay() {
        return std::chrono::seconds{std::uniform_int_distribution{100, 1'000'000}(random)};
    }
    void arm_own() {
        for (const auto delay : delays) {
            own.push_back(timers.after(delay, DoNothing{}).value());
        }
    }
    void cancel_own() {
        for (const eventp::TimerId id : own) {
            expect(timers.cancel(id), "cancel");
        }
        own.clear();
    }

    std::mt19937 random{1};
    eventp::Reactor reactor;
    eventp::Timers timers = eventp::Timers::create(reactor).value();
    std::array<std::chrono::seconds, times> delays{};
    std::vector<eventp::TimerId> own;
};

std::size_t timer_after(std::size_t n) {
    BesideTimers beside{n};
    measure([&] { beside.arm_own(); });
    return times;
}
std::size_t timer_at(std::size_t n) {
    BesideTimers beside{n};
    const auto now = std::chrono::steady_clock::now();
    measure([&] {
        for (const auto delay : beside.delays) {
            beside.own.push_back(beside.timers.at(now + delay, DoNothing{}).value());
        }
    });
    return times;
}
std::size_t timer_every(std::size_t n) {
    BesideTimers beside{n};
    measure([&] {
        for (const auto delay : beside.delays) {
            beside.own.push_back(beside.timers.every(delay, DoNothing{}).value());
        }
    });
    return times;
}
std::size_t timer_cancel(std::size_t n) {
    BesideTimers beside{n};
    beside.arm_own();
    measure([&] { beside.cancel_own(); });
    return times;
}
std::size_t timer_reschedule(std::size_t n) {
    BesideTimers beside{n};
    beside.arm_own();
    measure([&] {
        for (std::size_t i = 0; i < times; ++i) {
            expect(beside.timers.reschedule(beside.own[i], beside.delays[times - 1 - i]),
                   "reschedule");
        }
    });
    return times;
}

/// Beside n registrations and n closures that are queued already.
std::size_t post(std::size_t n) {
    Beside beside{n};
    const eventp::RemoteEndpoint endpoint{beside.reactor};
    for (std::size_t i = 0; i < n; ++i) {
        static_cast<void>(endpoint.post(DoNothing{}).value());
    }
    measure([&] {
        for (std::size_t i = 0; i < times; ++i) {
            static_cast<void>(endpoint.post(DoNothing{}).value());
        }
    });
    return times;
}

/// n closures are posted, then run: per closure.
std::size_t post_and_run(std::size_t n) {
    eventp::Reactor reactor;
    const eventp::RemoteEndpoint endpoint{reactor};
    std::size_t calls = 0;
    measure([&] {
        for (std::size_t i = 0; i < n; ++i) {
            static_cast<void>(endpoint.post([&calls] { ++calls; }).value());
        }
        while (calls < n) {
            turn(reactor);
        }
    });
    return n;
}

constexpr std::array rows{
    Row{"timer_after", timer_after},           Row{"timer_at", timer_at},
    Row{"timer_every", timer_every},           Row{"timer_cancel", timer_cancel},
    Row{"timer_reschedule", timer_reschedule}, Row{"post", post},
    Row{"post_and_run", post_and_run},
};

}  // namespace

std::span<const Row> source_rows() {
    return rows;
}

}  // namespace bench::growth
