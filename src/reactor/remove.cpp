// SPDX-License-Identifier: MIT
//
// remove(), extract(), release() and the end of a reactor.
#include <eventp/detail/contract.hpp>
#include <eventp/detail/slot_access.hpp>

#include "reactor/state.hpp"

namespace eventp {

using detail::Presence;
using detail::Slot;
using detail::Variant;

bool Reactor::remove(RegistrationKey key) {
    return state_->refusal() != std::errc::no_child_process &&
           state_->remove(key, State::When::after_the_handler);
}

bool Reactor::remove_now(RegistrationKey key) {
    return state_->refusal() != std::errc::no_child_process &&
           state_->remove(key, State::When::now);
}

AnySubscriber Reactor::extract(RegistrationKey key) {
    return state_->refusal() == std::errc::no_child_process ? AnySubscriber{}
                                                            : state_->extract(key);
}

// Flat, for the system call in it: see docs/decisions/0005-what-speed-cost.md.
[[gnu::flatten]] bool Reactor::State::remove(const RegistrationKey& key, When when) noexcept {
    Slot* slot = registry.find(key);
    if (slot == nullptr) {
        return false;
    }
    unregister(*slot);
    if (is_to_be_retired(*slot, when)) {
        detail::set_variant(*slot, Variant::dropped);
        slot->next = std::exchange(retired, slot);
        loop_end() = batch.cursor;
    } else {
        destroy(*slot);
    }
    settle();
    return true;
}

bool Reactor::State::is_to_be_retired(const Slot& slot, When when) const noexcept {
    for (const UserCallScope* each = asking; each != nullptr; each = each->outer()) {
        if (&each->slot() == &slot) {
            return true;
        }
    }
    return dispatching && (when == When::after_the_handler || &slot == running());
}

/// Nobody finds the slot any more, and the kernel forgets it or its number is held.
void Reactor::State::unregister(Slot& slot) noexcept {
    if (slot.again_pending) {
        batch.drop_kept(slot);
    }
    if (slot.presence != Presence::absent && !remove_from_epoll(slot, slot.fd)) {
        registry.mark_stale(slot.fd);
    }
    registry.erase(slot);
}

void Reactor::State::destroy(Slot& slot) noexcept {
    const BusyScope scope{*this};
    // Invariant: from here on nothing calls the value, not even its own destructor's callees.
    const detail::Operations& operations = *std::exchange(slot.operations, &dead_operations);
    operations.destroy(&slot);
    quarantine.bury(slot);
}

void Reactor::State::destroy_retired() noexcept {
    // In a forked child they are left alone, and dispatch ends: the parent goes on with both.
    const bool was_reaping = std::exchange(destroying_retired, true);
    while (retired != nullptr && !in_child()) {  // a destructor may remove more, or fork
        destroy(*std::exchange(retired, retired->next));
    }
    destroying_retired = was_reaping;
    if (!in_child()) {
        loop_end() = batch.end;
    }
}

AnySubscriber Reactor::State::extract(const RegistrationKey& key) noexcept {
    Slot* slot = registry.find(key);
    if (slot == nullptr || slot == running()) {
        return {};
    }
    const auto left = [this, slot] {
        return slot->presence == Presence::absent ||
               (!registry.may_have_stale_entry(slot->fd) && remove_from_epoll(*slot, slot->fd));
    };
    if (!left()) {
        // The kernel may hold the address until the set is rebuilt: right here, if it may be.
        rebuild_wanted = true;
        settle();
        if (rebuild_wanted || !left()) {
            return {};
        }
    }
    return hand_out(*slot);
}

/// Out of the registry and of the batch; the kernel has forgotten it.
AnySubscriber Reactor::State::hand_out(Slot& slot) noexcept {
    batch.drop_kept(slot);
    batch.scrub(slot, discard_slot);
    registry.erase(slot);
    detail::set_variant(slot, Variant::plain);
    slot.fd = -1;
    return detail::SlotAccess::own(&slot);
}

Result<std::vector<AnySubscriber>> Reactor::close_and_extract() {
    State& state = *state_;
    if (const std::errc why = state.refusal_unless_idle(); why != std::errc{}) {
        return detail::error(why);
    }
    std::vector<AnySubscriber> released;
    released.reserve(state.registry.size());

    state.ended = true;
    state.close_wakeup();
    state.batch.forget();
    state.set.close();  // the addresses go with the set
    state.registry.for_each([&](Slot& slot) {
        slot.presence = Presence::absent;
        released.push_back(state.hand_out(slot));
    });
    state.settle();
    state.quarantine.release(state.registry);
    return released;
}

/// Runs destructors of closures, and coroutines that are told so.
void Reactor::State::close_wakeup() noexcept {
    const BusyScope scope{*this};
    channel->close();
}

void Reactor::State::destroy_all() noexcept {
    detail::expects(busy == 0,
                    "a Reactor is destroyed while one of its handlers or subscribers' destructors "
                    "is running: call stop() there and let run() return");
    ended = true;
    batch.forget();
    set.close();  // before anything is destroyed: in a forked child no DEL may reach the parent's
    if (!in_child()) {
        close_wakeup();  // what is queued in a child is the parent's
    }
    while (retired != nullptr) {  // by a handler that forked, in the child
        destroy(*std::exchange(retired, retired->next));
    }
    registry.for_each([this](Slot& slot) {
        static_cast<void>(remove(RegistrationId{slot.fd, slot.live.generation}, When::now));
    });
}

}  // namespace eventp
