// SPDX-License-Identifier: MIT
//
// remove(), extract(), and destroying a reactor.
#include <eventp/detail/slot_access.hpp>

#include "reactor/state.hpp"

namespace eventp::inline EVENTP_ABI_NAMESPACE {

using detail::Slot;
using detail::SlotState;

bool Reactor::remove(RegistrationKey key) {
    return state_->is_usable() && state_->remove(key, State::When::after_the_handler);
}

bool Reactor::remove_now(RegistrationKey key) {
    return state_->is_usable() && state_->remove(key, State::When::now);
}

void Reactor::destroy_removed() {
    if (state_->is_usable()) {
        state_->destroy_removed();
    }
}

AnySubscriber Reactor::extract(RegistrationKey key) {
    return state_->is_usable() ? state_->extract(key) : AnySubscriber{};
}

// Flattened, as the loop is: the system call leaves the predictors cold.
[[gnu::flatten]] bool Reactor::State::remove(const RegistrationKey& key, When when) noexcept {
    const detail::Registry::Entry entry = registry.entry(key.fd());
    Slot* slot = entry.slot_of(key);
    if (slot == nullptr) [[unlikely]] {
        return false;
    }
    unregister(entry, *slot);
    if (must_retire(*slot, when)) {
        EVENTP_ASSERT_SLOT(phase != Phase::idle, *slot);
        set_state(*slot, SlotState::retired, Interest{slot->live.interest});
        slot->next = std::exchange(retired, slot);
        gate.loop_end() = nullptr;  // the loop stops when the running handler has returned
    } else {
        const UseScope use{*this};
        destroy(*slot);
        settle();
    }
    return true;
}

bool Reactor::State::must_retire(const Slot& slot, When when) const noexcept {
    switch (phase) {
        case Phase::dispatching:
        case Phase::after_fork:
            return when == When::after_the_handler || &slot == running();
        case Phase::destroying_retired:
            return when == When::after_the_handler;
        default:
            return false;
    }
}

/// No key finds the slot any more, and the kernel drops its entry if it can.
void Reactor::State::unregister(detail::Registry::Entry entry, Slot& slot) noexcept {
    batch.cancel_requeued(slot);
    if (!remove_from_epoll(entry, slot)) [[unlikely]] {
        slot.kernel_may_hold = true;
        entry.mark_stale();
        has_stale_entries = true;
    }
    registry.erase(entry, slot);
}

AnySubscriber Reactor::State::extract(const RegistrationKey& key) noexcept {
    const detail::Registry::Entry entry = registry.entry(key.fd());
    Slot* slot = entry.slot_of(key);
    if (slot == nullptr || slot == running()) {
        return {};
    }
    if (entry.may_be_stale() || !remove_from_epoll(entry, *slot)) {
        // The kernel may hold the address until the epoll instance is replaced.
        is_rebuild_wanted = true;
        has_stale_entries = true;
        has_turn_end = true;
        settle();
        if (is_rebuild_wanted || !remove_from_epoll(entry, *slot)) {
            return {};
        }
    }
    return hand_out(entry, *slot);
}

/// The kernel does not hold the address of the slot any more.
AnySubscriber Reactor::State::hand_out(detail::Registry::Entry entry, Slot& slot) noexcept {
    EVENTP_ASSERT_SLOT(!slot.kernel_may_hold, slot);
    batch.cancel_requeued(slot);
    batch.discard_events_of(slot, discard_slot);
    registry.erase(entry, slot);
    set_state(slot, SlotState::unregistered, Interest{slot.live.interest});
    slot.fd = -1;
    return detail::SlotAccess::own(&slot);
}

Result<std::vector<AnySubscriber>> Reactor::close_and_extract() {
    State& state = *state_;
    if (const std::errc why = state.refusal_unless_idle(); why != std::errc{}) {
        return detail::error(why);
    }
    std::vector<AnySubscriber> extracted;
    extracted.reserve(state.registry.size());
    state.close();
    state.registry.for_each([&](Slot& slot) {
        extracted.push_back(state.hand_out(state.registry.entry(slot.fd), slot));
    });
    state.quarantine.settle(State::stale_operations);
    state.quarantine.release();
    return extracted;
}

/// From here on add() and run() fail. Runs user code: it destroys posted closures, and resumes
/// coroutines that wait for one with broken_pipe.
void Reactor::State::close() noexcept {
    EVENTP_ASSERT(phase == Phase::idle);
    const PhaseScope scope{*this, Phase::destroying};
    is_closed = true;
    events_without_handler += static_cast<std::uint64_t>(batch.end - batch.cursor);
    batch.reset();
    set.close();  // first: in a forked child no EPOLL_CTL_DEL may reach the parent's entries
    if (is_in_child()) {
        return;  // the gate says so, and posted closures are the parent's
    }
    gate.set_user(detail::UserGate::closed);
    channel->close();
}

void Reactor::State::destroy_all() noexcept {
    detail::expects(phase == Phase::idle,
                    "a Reactor is destroyed while one of its handlers, or a destructor of a "
                    "subscriber, is running: call stop() there and let run() return");
    close();
    while (retired != nullptr) {  // by a handler that forked, in the child
        destroy(*std::exchange(retired, retired->next));
    }
    registry.for_each([this](Slot& slot) {
        static_cast<void>(remove(RegistrationId{slot.fd, slot.live.generation}, When::now));
    });
}

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE
