// SPDX-License-Identifier: MIT
//
// One turn of the loop: wait, then call the handler of every reported event.
#include "reactor/state.hpp"
#include "sys/syscall.hpp"

namespace eventp {

using detail::Slot;

// Flat, straight, and on few cache lines: behind a system call the processor has forgotten where
// calls return to and jumps lead. What is seldom needed is marked as unlikely and lies behind;
// tools/bench_instructions.py fails when a turn jumps. docs/decisions/0005 has the figures.
[[gnu::flatten]] Result<std::size_t> Reactor::State::turn(std::int64_t timeout_ns) {
    if (const std::errc why = refusal_unless_idle(); why != std::errc{}) [[unlikely]] {
        return detail::error(why);
    }
    const RunScope scope{*channel};

    // A tail is there after a handler threw. It comes before the kernel is asked again, because an
    // edge-triggered or one-shot event in it is reported only once. [dispatch.throws]
    if (!batch.has_tail()) [[likely]] {
        epoll_event* room = batch.room_for_wait();
        if (batch.has_kept()) [[unlikely]] {
            timeout_ns = 0;
        }
        const int reported = wait(room, timeout_ns);
        if (reported < 0) [[unlikely]] {
            wake_outer_loop();
            return sys::error(reported);
        }
        batch.begin_turn(static_cast<std::size_t>(reported));
        stats.events_reported += static_cast<std::size_t>(reported);
        if (has_endpoints) [[unlikely]] {
            put_tasks_first();
        }
    }
    ++stats.turns;
    return dispatch();
}

void Reactor::State::put_tasks_first() noexcept {
    if (channel->mailbox().has_tasks()) {
        batch.put_first(wakeup_slot, EPOLLIN);
    }
}

/// A batch on its way. Leaves everything in order when a handler throws, too.
class Reactor::State::DispatchScope {
public:
    DispatchScope(State& state, std::size_t& called) noexcept
        : state_{state}, first_{state.batch.cursor}, called_{called} {
        state.events_without_handler = 0;
        state.dispatching = true;
        state.loop_end() = state.batch.end;
        ++state.busy;
    }
    DispatchScope(const DispatchScope&) = delete;
    DispatchScope& operator=(const DispatchScope&) = delete;
    ~DispatchScope() {
        if (state_.retired != nullptr) [[unlikely]] {
            state_.destroy_retired();  // what the handler that threw had removed
        }
        called_ =
            static_cast<std::size_t>(state_.batch.cursor - first_) - state_.events_without_handler;
        state_.stats.handlers_called += called_;
        state_.dispatching = false;
        --state_.busy;
        if (!state_.batch.has_tail()) [[likely]] {
            state_.batch.end_turn();
        }
        if (!state_.is_settled()) [[unlikely]] {
            state_.settle_out_of_line();
        }
        state_.wake_outer_loop();
    }

private:
    State& state_;
    const epoll_event* first_;
    std::size_t& called_;
};

std::size_t Reactor::State::dispatch() {
    std::size_t called = 0;
    {
        const DispatchScope scope{*this, called};
        call_handlers();
    }
    return called;
}

void Reactor::State::call_handlers() {
    epoll_event* const& end = loop_end();
    while (batch.cursor < end) {
        // Nothing is asked of a slot here. A removal swaps what its slot calls, and pulls the end
        // to the cursor, so that the removed are destroyed right behind the running handler. In a
        // child that a handler forked the end reads null.
        epoll_event* at = batch.cursor;
        do {
            // Safety: the kernel gives back the address that add() gave it. A slot is in memory
            // for as long as the kernel or this batch may hold its address: see Quarantine.
            Slot* slot = static_cast<Slot*>(at->data.ptr);
            const std::uint32_t events = at->events;
            batch.cursor = ++at;
            slot->operations->call(slot, events, reactor);
        } while (at < end);  // not a for: the test would be compiled to two loads, not one
        if (retired == nullptr) [[likely]] {
            return;
        }
        destroy_retired();
    }
}

Slot* Reactor::State::running() const noexcept {
    return dispatching && !destroying_retired ? static_cast<Slot*>(batch.cursor[-1].data.ptr)
                                              : nullptr;
}

// Safety, for the three below: only the dispatch of a Reactor calls slots that have no value, or
// that drop their events.

void detail::drop_event(Slot* /*slot*/, std::uint32_t /*events*/, ReactorOps* reactor) {
    Reactor::State& state = *static_cast<Reactor*>(reactor)->state_;
    ++state.events_without_handler;
    ++state.stats.events_dropped;
}

void Reactor::State::on_ghost(Slot* /*slot*/, std::uint32_t /*events*/, ReactorOps* reactor) {
    State& state = *static_cast<Reactor*>(reactor)->state_;
    ++state.events_without_handler;
    ++state.ghosts;
    ++state.stats.stale_events;
}

void Reactor::State::on_wakeup(Slot* /*slot*/, std::uint32_t /*events*/, ReactorOps* reactor) {
    State& state = *static_cast<Reactor*>(reactor)->state_;
    ++state.events_without_handler;
    state.channel->do_tasks(*reactor);
}

constinit const detail::Operations Reactor::State::dead_operations{&detail::drop_event, nullptr,
                                                                   nullptr, nullptr, nullptr};
constinit const detail::Operations Reactor::State::ghost_operations{
    &Reactor::State::on_ghost, nullptr, nullptr, nullptr, nullptr};
constinit const detail::Operations Reactor::State::wakeup_operations{
    &Reactor::State::on_wakeup, nullptr, nullptr, nullptr, nullptr};

}  // namespace eventp
