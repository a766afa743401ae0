// SPDX-License-Identifier: MIT
//
// One turn of the loop: wait, then call the handler of every reported event.
#include "state.hpp"
#include "sys/syscall.hpp"

namespace eventp {

using detail::Slot;

Result<std::size_t> Reactor::State::turn(std::int64_t timeout_ns) {
    if (const std::errc why = refusal(); why != std::errc{}) {
        return detail::refused(why);
    }
    if (busy != 0) {
        return detail::refused(std::errc::device_or_resource_busy);
    }
    const RunScope scope{*wakeup};

    // A tail is there after a handler threw. It comes before the kernel is asked again, because an
    // edge-triggered or one-shot event in it is reported only once. [dispatch.throws]
    if (!batch.has_tail()) {
        epoll_event* room = batch.room_for_wait();
        const int reported = wait(room, batch.has_kept() ? 0 : timeout_ns);
        if (reported < 0) {
            return sys::error(reported);
        }
        batch.begin_turn(static_cast<std::size_t>(reported));
        stats.events += static_cast<std::size_t>(reported);
        if (has_endpoints && wakeup->mailbox().has_tasks()) {
            batch.put_first(wakeup_slot, EPOLLIN);
        }
    }
    ++stats.turns;
    return dispatch();
}

std::size_t Reactor::State::dispatch() {
    /// Leaves everything in order when a handler throws, too.
    struct Scope {
        explicit Scope(State& owner) noexcept : state{owner}, first{owner.batch.cursor} {
            state.unhandled = 0;
            state.dispatching = true;
            state.loop_end() = state.batch.end;
            ++state.busy;
        }
        Scope(const Scope&) = delete;
        Scope& operator=(const Scope&) = delete;
        ~Scope() {
            state.destroy_retired();  // what the handler that threw had removed
            state.stats.handlers += called();
            state.dispatching = false;
            --state.busy;
            state.settle();
            state.announce_kept();
        }
        [[nodiscard]] std::size_t called() const noexcept {
            return static_cast<std::size_t>(state.batch.cursor - first) - state.unhandled;
        }

        State& state;
        const epoll_event* first;
    };
    const Scope scope{*this};
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
        destroy_retired();
    }
    return scope.called();
}

Slot* Reactor::State::running() const noexcept {
    return dispatching && !reaping ? static_cast<Slot*>(batch.cursor[-1].data.ptr) : nullptr;
}

// Safety, for the three below: only the dispatch of a Reactor calls slots that have no value, or
// that drop their events.

void detail::drop_event(Slot* /*slot*/, std::uint32_t /*events*/, ReactorOps* reactor) {
    Reactor::State& state = *static_cast<Reactor*>(reactor)->state_;
    ++state.unhandled;
    ++state.stats.skipped;
}

void Reactor::State::on_ghost(Slot* /*slot*/, std::uint32_t /*events*/, ReactorOps* reactor) {
    State& state = *static_cast<Reactor*>(reactor)->state_;
    ++state.unhandled;
    ++state.ghosts;
    ++state.stats.ghosts;
}

void Reactor::State::on_wakeup(Slot* /*slot*/, std::uint32_t /*events*/, ReactorOps* reactor) {
    State& state = *static_cast<Reactor*>(reactor)->state_;
    ++state.unhandled;
    state.wakeup->do_tasks(*reactor);
}

constinit const detail::Operations Reactor::State::dead_operations{&detail::drop_event, nullptr,
                                                                   nullptr, nullptr, nullptr};
constinit const detail::Operations Reactor::State::ghost_operations{
    &Reactor::State::on_ghost, nullptr, nullptr, nullptr, nullptr};
constinit const detail::Operations Reactor::State::wakeup_operations{
    &Reactor::State::on_wakeup, nullptr, nullptr, nullptr, nullptr};

}  // namespace eventp
