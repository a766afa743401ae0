// SPDX-License-Identifier: MIT
//
// What happens when the timerfd is readable.
#include <utility>

#include "sys/syscall.hpp"
#include "sys/timerfd.hpp"
#include "timers/timer_state.hpp"

namespace eventp {

using detail::TimerQueue;

namespace {

struct Tick {
    std::uint64_t expirations;
    std::int64_t next;
};

/// Whole periods from `deadline`: how many are over by `now`, the deadline's own end included, and
/// when the next one is.
Tick tick(std::int64_t deadline, std::int64_t period, std::int64_t now) noexcept {
    // Unsigned: `deadline` may be a time_point far before the clock's begin.
    const std::uint64_t late =
        static_cast<std::uint64_t>(now) - static_cast<std::uint64_t>(deadline);
    const auto length = static_cast<std::uint64_t>(period);
    const auto left = static_cast<std::int64_t>(length - late % length);
    std::int64_t next = 0;
    const bool over = __builtin_add_overflow(now, left, &next);
    return {.expirations = late / length + 1, .next = over ? TimerQueue::never : next};
}

}  // namespace

/// The call of one handler. Ends in order when it throws, too.
class Timers::State::Run {
public:
    Run(State& state, std::uint32_t index) noexcept : state_{state}, index_{index} {
        state.running = index;
    }
    Run(const Run&) = delete;
    Run& operator=(const Run&) = delete;
    ~Run() {
        state_.running = nobody;
        if (!state_.queue.contains(index_)) {
            state_.drop(index_);  // it fired once, or was ended by its handler
        }
    }

private:
    State& state_;
    std::uint32_t index_;
};

bool Timers::State::fire_front(std::int64_t time, RegistrationId self, ReactorOps& reactor) {
    const auto index = static_cast<std::uint32_t>(queue.front()->timer);
    Node& timer = node(index);
    const TimerId id{index, timer.generation};
    std::uint64_t expirations = 1;
    // Before the call, so that the handler finds its timer as it will be, and may change that.
    if (timer.period == 0) {
        static_cast<void>(queue.erase(index));
    } else {
        const Tick due = tick(timer.deadline, timer.period, time);
        expirations = due.expirations;
        timer.deadline = due.next;
        queue.postpone_front(due.next);
    }
    {
        const Run run{*this, index};
        timer.handler(id, Expirations{expirations}, reactor);
    }
    if (abandoned) {
        reactor.remove(self);
        return false;
    }
    return reactor.contains(self);
}

void Timers::State::expire(RegistrationId self, ReactorOps& reactor) {
    /// Throws: a handler may. The timerfd stays readable then, and the next turn goes on.
    struct Expiring {
        explicit Expiring(State& owner) noexcept : state{owner} { state.expiring = true; }
        Expiring(const Expiring&) = delete;
        Expiring& operator=(const Expiring&) = delete;
        ~Expiring() { state.expiring = false; }
        State& state;
    };

    if (abandoned) {
        reactor.remove(self);
        return;
    }
    const KeepAlive alive{*this};
    const Expiring scope{*this};
    const std::int64_t time = now();
    // Those that handlers arm from here on are newcomers, and wait for the next turn.
    queue.settle();
    std::size_t handled = 0;
    for (const TimerQueue::Entry* front = queue.front();
         front != nullptr && front->deadline <= time; front = queue.front()) {
        if (handled++ == expired_per_turn) {
            return;  // the timerfd stays readable: the others have the next turn
        }
        const std::int64_t deadline = node(static_cast<std::uint32_t>(front->timer)).deadline;
        if (deadline > front->deadline) {
            queue.postpone_front(deadline);  // it was put off, see Timers::move_to()
        } else if (!fire_front(time, self, reactor)) {
            return;
        }
    }
    static_cast<void>(set_kernel_timer(queue.earliest()));
}

void Timers::State::after_fork() noexcept {
    process = detail::current_process();
    // The old one is the parent's too. The number is kept, and with it the registration's name.
    const OwnedFd fresh{sys::timerfd(kernel_clock())};
    if (fresh.fd() < 0 || sys::replace(fresh.fd(), fd.fd()) < 0) {
        fd.reset();  // the reactor finds no descriptor, and removes the subscriber
        return;
    }
    static_cast<void>(set_kernel_timer(abandoned ? 0 : queue.earliest()));
}

}  // namespace eventp
