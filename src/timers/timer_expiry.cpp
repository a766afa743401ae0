// SPDX-License-Identifier: MIT
//
// What happens when the timerfd is readable.
#include <utility>

#include "sys/syscall.hpp"
#include "sys/timerfd.hpp"
#include "timers/timer_state.hpp"

namespace eventp::inline EVENTP_ABI_NAMESPACE {

using detail::TimerQueue;

namespace {

struct Tick {
    std::uint64_t expirations;
    std::int64_t next;
};

/// For a timer with ticks at `deadline` and every `period` after it: the number of ticks until
/// `now`, and the time of the next one.
Tick tick(std::int64_t deadline, std::int64_t period, std::int64_t now) noexcept {
    // Unsigned: `deadline` may be a negative time_point, and the difference too large for a signed
    // number.
    const std::uint64_t late =
        static_cast<std::uint64_t>(now) - static_cast<std::uint64_t>(deadline);
    const auto length = static_cast<std::uint64_t>(period);
    const auto left = static_cast<std::int64_t>(length - late % length);
    std::int64_t next = 0;
    const bool overflows = __builtin_add_overflow(now, left, &next);
    return {.expirations = late / length + 1, .next = overflows ? TimerQueue::never : next};
}

}  // namespace

/// The call of one handler. Its destructor destroys the handler of a timer that is no longer armed,
/// even if the handler threw.
class Timers::State::Run {
public:
    Run(State& state, std::uint32_t index) noexcept : state_{state}, index_{index} {
        state.running = index;
    }
    Run(const Run&) = delete;
    Run& operator=(const Run&) = delete;
    ~Run() {
        state_.running = no_index;
        if (!state_.queue.contains(index_)) {
            state_.drop(index_);  // it fires once, or its handler has cancelled it
        }
    }

private:
    State& state_;
    std::uint32_t index_;
};

void Timers::State::fire_front(std::int64_t time, ReactorOps& reactor) {
    const std::uint32_t index = queue.front()->timer();
    Node& timer = node(index);
    const TimerId id{index, timer.generation};
    std::uint64_t expirations = 1;
    // Before the call, so that the handler may cancel or reschedule its own timer.
    if (timer.period == 0) {
        static_cast<void>(queue.erase(index));
    } else {
        const Tick due = tick(timer.deadline, timer.period, time);
        expirations = due.expirations;
        timer.deadline = due.next;
        queue.postpone_front(due.next, armings.next());
    }
    const Run run{*this, index};
    if (!timer.handler(id, Expirations{expirations}, reactor)) {
        timer.generation = 0;
        static_cast<void>(queue.erase(index));
    }
}

bool Timers::State::may_continue(RegistrationId self, ReactorOps& reactor) const {
    // The reactor stops its loop when a handler has removed a subscriber. That one is destroyed
    // before the next timer's handler runs, not after the last one.
    if (gate->loop_end == nullptr && gate != &no_reactor && !in_child()) [[unlikely]] {
        reactor.destroy_removed();
    }
    if (in_child()) {
        return false;  // the other timers are the parent's
    }
    if (closed) {
        reactor.remove(self);
        return false;
    }
    return reactor.contains(self) && !in_child();  // contains() is user code if it is a mock's
}

void Timers::State::expire(RegistrationId self, ReactorOps& reactor) {
    // A child has the subscriber of its parent if that was not in a reactor when it was forked.
    if (closed || in_child()) {
        reactor.remove(self);
        return;
    }
    const KeepAlive alive{*this};
    const std::int64_t time = now();
    // Until it is set again the timerfd is readable, also after an exception. So nothing needs to
    // set it meanwhile, and the next turn calls the handlers that are left.
    kernel_deadline = expired;
    // Timers that handlers arm from here on are unsorted and wait for the next turn.
    queue.merge_unsorted();
    std::size_t handled = 0;
    for (const TimerQueue::Entry* front = queue.front();
         front != nullptr && front->deadline <= time; front = queue.front()) {
        if (handled++ == expired_per_turn) {
            return;
        }
        const Node& timer = node(front->timer());
        if (timer.deadline > front->deadline) {  // see Timers::reschedule_to()
            queue.postpone_front(timer.deadline, timer.sequence);
            continue;
        }
        fire_front(time, reactor);
        if (!may_continue(self, reactor)) {
            return;
        }
    }
    static_cast<void>(set_kernel_timer(queue.earliest()));
}

void Timers::State::after_fork() noexcept {
    process = detail::current_process();
    // The timerfd is shared with the parent. The new one replaces it under the same descriptor
    // number, so that the RegistrationId stays valid.
    const OwnedFd fresh{sys::timerfd(kernel_clock())};
    if (fresh.fd() < 0 || sys::replace(fresh.fd(), fd.fd()) < 0 ||
        set_kernel_timer(closed ? expired : queue.earliest()) < 0) {
        fd.reset();  // the reactor removes a subscriber whose descriptor is closed
    }
}

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE
