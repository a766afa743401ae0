// SPDX-License-Identifier: MIT
//
// The loop: wait for events, call the handlers, destroy what they removed.
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <ctime>
#include <limits>

#include "reactor/state.hpp"
#include "sys/syscall.hpp"
#include "sys/timerfd.hpp"

namespace eventp::inline EVENTP_ABI_NAMESPACE {

using detail::Slot;
using detail::SlotState;

namespace {

constexpr std::int64_t no_timeout = -1;

}  // namespace

// --- run ---

struct Reactor::State::Forever {
    [[nodiscard]] static bool is_over() noexcept { return false; }
    [[nodiscard]] static std::int64_t timeout_ns() noexcept { return no_timeout; }
};

struct Reactor::State::UntilToken {
    const std::stop_token& token;
    [[nodiscard]] bool is_over() const noexcept { return token.stop_requested(); }
    [[nodiscard]] static std::int64_t timeout_ns() noexcept { return no_timeout; }
};

struct Reactor::State::UntilTime {
    std::int64_t end = 0;
    bool is_first = true;  // a duration of zero is one turn
    [[nodiscard]] bool is_over() noexcept {
        return !std::exchange(is_first, false) && sys::clock_now(CLOCK_MONOTONIC) >= end;
    }
    [[nodiscard]] std::int64_t timeout_ns() const noexcept {
        return std::max<std::int64_t>(end - sys::clock_now(CLOCK_MONOTONIC), 0);
    }
};

/// Makes turns until `until` is over, a stop was requested, or an error. Flattened into one
/// function, because after the system call of a turn the predictors of returns and jumps are cold:
/// docs/internals/decisions/0005-what-speed-cost.md has figures.
template <typename Until>
[[gnu::flatten]] Result<> Reactor::State::run(Until until) {
    if (const std::errc why = refusal_unless_idle(); why != std::errc{}) {
        return detail::error(why);
    }
    const RunScope scope{*this};
    while (!until.is_over()) {
        if (channel->is_stop_requested()) [[unlikely]] {
            static_cast<void>(channel->take_stop_request());
            return {};
        }
        const int count = fill_batch(until.timeout_ns());
        if (count < 0) [[unlikely]] {
            if (count != -EINTR) {
                return sys::error(count);
            }
            if (is_in_child()) {
                return detail::error(std::errc::no_child_process);  // a signal handler has forked
            }
        } else if (!dispatch_batch()) [[unlikely]] {
            return detail::error(std::errc::no_child_process);
        }
    }
    return {};
}

[[gnu::flatten]] Result<std::size_t> Reactor::State::run_once(std::int64_t timeout_ns) {
    if (const std::errc why = refusal_unless_idle(); why != std::errc{}) [[unlikely]] {
        return detail::error(why);
    }
    RunScope scope{*this};
    EVENTP_ASSERT(phase == Phase::idle && retired == nullptr);
    const int count = fill_batch(timeout_ns);
    if (count < 0) [[unlikely]] {
        return sys::error(count);
    }
    without_handler_in_turn = 0;
    auto dispatched = static_cast<std::size_t>(count);
    if (dispatch_batch()) [[likely]] {
        scope.end();
    } else {
        dispatched -= static_cast<std::size_t>(batch.end - batch.cursor);  // the parent calls them
    }
    return dispatched - without_handler_in_turn;
}

Result<> Reactor::run() {
    return state_->run(State::Forever{});
}

// By value: a handler may destroy the caller's token.
// NOLINTNEXTLINE(performance-unnecessary-value-param): see above.
Result<> Reactor::run(std::stop_token token) {
    const std::stop_callback wake{token, [channel = state_->channel.get()]() noexcept {
                                      if (!channel->gate().is_in_child()) {
                                          channel->notify();
                                      }
                                  }};
    return state_->run(State::UntilToken{token});
}

Result<> Reactor::run_for_ns(std::int64_t duration) {
    if (duration < 0) {
        return detail::error(std::errc::invalid_argument);
    }
    std::int64_t end = 0;
    return __builtin_add_overflow(sys::clock_now(CLOCK_MONOTONIC), duration, &end)
               ? state_->run(State::Forever{})
               : state_->run(State::UntilTime{.end = end});
}

Result<std::size_t> Reactor::run_once() {
    return state_->run_once(no_timeout);
}

Result<std::size_t> Reactor::run_once_ns(std::int64_t timeout) {
    if (timeout < 0) {
        return detail::error(std::errc::invalid_argument);
    }
    const bool is_endless = timeout == std::numeric_limits<std::int64_t>::max();
    return state_->run_once(is_endless ? no_timeout : timeout);
}

// --- wait ---

/// Begins a turn: fills the batch. Returns how many events it holds. If the wait fails, no turn
/// begins and -errno is returned.
inline int Reactor::State::fill_batch(std::int64_t timeout_ns) {
    if (has_slow_wait) [[unlikely]] {
        return fill_batch_slow(timeout_ns);
    }
    EVENTP_ASSERT(!batch.has_rest() && !batch.has_requeued());
    epoll_event* at = batch.room();
    const int reported = set.wait(at, capacity, timeout_ns);
    if (reported < 0) [[unlikely]] {
        if (needs_end_turn) {
            wake_outer_loop();
        }
        return reported;
    }
    batch.begin_turn(static_cast<std::size_t>(reported));
    events_reported += static_cast<std::size_t>(reported);
    ++turns;
    return reported;
}

// --- dispatch ---

/// Ends the dispatch of a batch whose handler threw, or whose thread is being cancelled.
class Reactor::State::UnwindScope {
public:
    explicit UnwindScope(State& state) noexcept : state_{&state} {}
    UnwindScope(const UnwindScope&) = delete;
    UnwindScope& operator=(const UnwindScope&) = delete;
    ~UnwindScope() {
        if (state_ != nullptr) [[unlikely]] {
            if (state_->retired != nullptr) {
                static_cast<void>(state_->destroy_retired());
            }
            state_->phase = Phase::idle;
            state_->has_slow_wait = true;  // for the rest of the batch
            state_->end_turn();
        }
    }
    void dismiss() noexcept { state_ = nullptr; }

private:
    State* state_;
};

inline bool Reactor::State::dispatch_batch() {
    EVENTP_ASSERT(phase == Phase::idle);
    phase = Phase::dispatching;
    UnwindScope scope{*this};
    const bool is_ours = call_handlers();
    EVENTP_ASSERT(!is_ours || (retired == nullptr && !batch.has_rest()));
    scope.dismiss();
    phase = Phase::idle;
    if (needs_end_turn) [[unlikely]] {
        end_turn();
    }
    return is_ours;
}

/// Calls the handler of each event in the batch.
inline bool Reactor::State::call_handlers() {
    // `end` is a reference, so it is re-read from memory after each call. remove() sets it to null,
    // below every address, so that the inner loop stops when the running handler has returned; then
    // destroy_retired() destroys what was removed, before the next event. It is in memory that the
    // kernel clears in a forked child: there it is null too, and destroy_retired() returns false.
    epoll_event* at = batch.cursor;
    epoll_event* const& end = gate.loop_end() = batch.end;
    while (at != end) {
        do {
            // The loop does not inspect the slot. If an event must not reach the handler any more,
            // remove(), a pause or fire_once() has replaced `operations` by ones that drop it, or
            // modify() or extract() has redirected the event in the batch to `discard_slot`.
            // Safety: the kernel returns the address that add() gave it. The memory of a slot is
            // not freed while the kernel or this batch may hold its address: Quarantine delays
            // that for removed slots, and hand_out() erases an extracted one from the batch.
            Slot* slot = static_cast<Slot*>(at->data.ptr);
            const std::uint32_t events = at->events;
            batch.cursor = ++at;
            EVENTP_ASSERT(slot->operations != nullptr && slot->operations->call != nullptr);
            slot->operations->call(slot, events, reactor);
        } while (at < end);
        // Makes the compiler load `end` again for the test below. Otherwise the loop would keep its
        // value in a register, which costs one more instruction for each event.
        std::atomic_signal_fence(std::memory_order_acq_rel);
        if (end != nullptr) [[likely]] {
            return true;
        }
        if (!destroy_retired()) {
            return false;
        }
    }
    return true;
}

Slot* Reactor::State::running() const noexcept {
    switch (phase) {
        case Phase::dispatching:
            EVENTP_ASSERT(batch.cursor > batch.begin);
            return static_cast<Slot*>(batch.cursor[-1].data.ptr);
        case Phase::after_fork:
            return after_fork_slot;
        default:
            return nullptr;
    }
}

// --- destroy ---

[[gnu::noinline]] bool Reactor::State::destroy_retired() noexcept {
    const PhaseScope scope{*this, Phase::destroying_retired};
    while (retired != nullptr && !is_in_child()) {  // a destructor may remove more, or fork
        EVENTP_ASSERT_SLOT(retired->state == SlotState::retired, *retired);
        destroy(*std::exchange(retired, retired->next));
    }
    if (is_in_child()) {
        return false;  // the rest of the batch, and of the list, is the parent's
    }
    gate.loop_end() = batch.end;
    return true;
}

void Reactor::State::destroy_removed() noexcept {
    if (phase != Phase::dispatching) {
        return;
    }
    // The phase stays `dispatching`: what a destructor removes is retired too, and destroyed below.
    Slot* const own = running();
    bool is_own_retired = false;
    while (retired != nullptr && !is_in_child()) {
        Slot& slot = *std::exchange(retired, retired->next);
        if (&slot == own) {
            is_own_retired = true;
        } else {
            destroy(slot);
        }
    }
    if (is_own_retired) {
        own->next = std::exchange(retired, own);
    } else if (!is_in_child()) {
        gate.loop_end() = batch.end;
    }
}

void Reactor::State::destroy(Slot& slot) noexcept {
    const PhaseScope scope{*this, phase == Phase::idle ? Phase::destroying : phase};
    EVENTP_ASSERT_SLOT(may_become(slot.state, SlotState::destroyed), slot);
    // From here on no event can reach the value, even if its destructor re-enters the reactor.
    const detail::Operations& operations = *std::exchange(slot.operations, &dead_operations);
    operations.destroy(&slot);
    quarantine.add(slot);
    needs_end_turn = true;
}

/// Called after a turn in which slots were destroyed or stale events reported, after every turn
/// while stale entries are known or an outer loop watches fd(), and after an exception.
void Reactor::State::end_turn() noexcept {
    settle();
    wake_outer_loop();
}

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE
