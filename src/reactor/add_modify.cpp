// SPDX-License-Identifier: MIT
//
// add(), modify() and requeue().
#include <eventp/detail/slot_access.hpp>

#include "reactor/state.hpp"
#include "sys/syscall.hpp"

namespace eventp {

using detail::error;
using detail::Presence;
using detail::Slot;
using detail::Variant;

// Flat, for the system call in it: see docs/decisions/0005-what-speed-cost.md.
[[gnu::flatten]] Result<RegistrationId> Reactor::add(AnySubscriber& subscriber) {
    State& state = *state_;
    if (const std::errc why = state.refusal(); why != std::errc{}) {
        return error(why);
    }
    if (!subscriber) {
        return error(std::errc::invalid_argument);
    }
    Slot& slot = *detail::SlotAccess::slot_of(subscriber);
    if (!Interest{slot.live.interest}.is_valid()) {
        return error(std::errc::invalid_argument);
    }
    const State::BusyScope scope{state};  // keeps headers, whatever the code of subscribers calls
    const auto place = state.place_for(slot);
    if (!place) {
        return std::unexpected{place.error()};
    }
    if (detail::SlotAccess::slot_of(subscriber) != &slot) {
        return error(std::errc::invalid_argument);  // its fd() has moved or added it
    }
    if (auto entered = state.add_to_epoll(slot, *place, Interest{slot.live.interest}); !entered) {
        return std::unexpected{entered.error()};
    }
    slot.fd = place->fd;
    slot.live.generation = state.generations.next();
    state.registry.insert(slot);
    static_cast<void>(detail::SlotAccess::release(subscriber));
    return RegistrationId{slot.fd, slot.live.generation};
}

int Reactor::State::descriptor_of(Slot& slot) {
    const UserCallScope scope{*this, slot};
    return slot.operations->descriptor(&slot);
}

Result<Reactor::State::Place> Reactor::State::place_for(Slot& slot) {
    const int fd = descriptor_of(slot);
    if (!registry.has_room(fd)) {
        // A number that would need more rows is checked first: a mistake must not cost memory.
        if (fd < 0 || !sys::is_open(fd)) {
            return error(std::errc::bad_file_descriptor);
        }
        // Rows come before the kernel: running out of memory must not leave it with our address.
        registry.reserve(fd);
    }
    if (fd == channel->fd() || fd == pollable.fd()) {  // which is -1 while there is none
        return error(std::errc::invalid_argument);
    }
    Slot* holder = registry.at(fd);
    if (holder == nullptr || holder == &slot) {
        return Place{.fd = fd, .evicted = nullptr};
    }
    // A paused subscriber does not keep a number that its descriptor does not have any more.
    const bool stays = holder->presence != Presence::absent || descriptor_of(*holder) == fd;
    Slot* const now = registry.at(fd);
    if (now == nullptr || now == &slot) {
        return Place{.fd = fd, .evicted = nullptr};
    }
    if (stays || now != holder || holder->presence != Presence::absent) {
        return error(std::errc::file_exists);
    }
    return Place{.fd = fd, .evicted = holder};
}

Result<> Reactor::State::add_to_epoll(Slot& slot, Place place, Interest interest) {
    const int fd = place.fd;
    if (place.evicted != nullptr) {
        registry.reserve_moves();
    }
    if (const int answer = set.add(fd, interest.bits(), slot); answer < 0) {
        return sys::error(answer);
    }
    if (place.evicted != nullptr) {
        registry.evict(*place.evicted);
    }
    slot.presence = Presence::present;
    detail::set_variant(slot, interest.is_oneshot() ? Variant::oneshot : Variant::plain);

    // A paused one was let in only to hear whether the kernel takes its file.
    if (interest.is_empty() && !remove_from_epoll(slot, fd)) {
        detail::set_variant(slot, Variant::dropped);
        rebuild_wanted = true;
    }
    return {};
}

bool Reactor::State::remove_from_epoll(Slot& slot, int fd) noexcept {
    // Kernel: a DEL that answers 0 may have deleted the entry of a quarantined slot with the same
    // number, and left ours.
    if (slot.presence != Presence::present || set.remove(fd) < 0 ||
        registry.may_have_stale_entry(fd)) {
        return false;
    }
    slot.presence = Presence::absent;
    return true;
}

Result<> Reactor::modify(RegistrationKey key, Interest interest) {
    State& state = *state_;
    if (const std::errc why = state.refusal(); why != std::errc{}) {
        return error(why);
    }
    Slot* slot = state.registry.find(key);
    if (slot == nullptr) {
        return error(std::errc::no_such_file_or_directory);
    }
    if (!interest.is_valid()) {
        return error(std::errc::invalid_argument);
    }
    const Result<> changed = state.change(*slot, interest);
    state.settle();
    return changed;
}

bool Reactor::State::epoll_ctl_reaches(const Slot& slot) const noexcept {
    return slot.presence == Presence::present && !registry.may_have_stale_entry(slot.fd);
}

Result<> Reactor::State::change(Slot& slot, Interest interest) {
    if (interest.is_empty()) {
        return pause(slot, interest);
    }
    if (slot.presence == Presence::absent || Interest{slot.live.interest}.is_empty()) {
        return resume(slot, interest);
    }
    return change_watched(slot, interest);
}

Result<> Reactor::State::change_watched(Slot& slot, Interest interest) {
    const Interest stored{slot.live.interest};
    // Kernel: MOD of an exclusive entry, or to one, is EINVAL.
    if (interest.is_exclusive() || stored.is_exclusive()) {
        return error(std::errc::invalid_argument);
    }
    if (!epoll_ctl_reaches(slot)) {
        if (!sys::is_open(slot.fd)) {
            return error(std::errc::bad_file_descriptor);
        }
        rebuild_wanted = true;
    } else if (const int answer = set.modify(slot.fd, interest.bits(), slot); answer < 0) {
        return sys::error(answer);
    }
    slot.live.interest = interest.bits();
    detail::set_variant(slot, interest.is_oneshot() ? Variant::oneshot : Variant::plain);
    narrow_pending(slot, interest);
    return {};
}

Result<> Reactor::State::pause(Slot& slot, Interest interest) {
    if (slot.presence != Presence::absent) {
        if (!epoll_ctl_reaches(slot)) {
            detail::set_variant(slot, Variant::dropped);
            rebuild_wanted = true;
        } else if (const int answer = set.remove(slot.fd); answer < 0) {
            return sys::error(answer);
        } else {
            slot.presence = Presence::absent;
        }
    }
    slot.live.interest = interest.bits();
    narrow_pending(slot, interest);
    return {};
}

Result<> Reactor::State::resume(Slot& slot, Interest interest) {
    const RegistrationId name{slot.fd, slot.live.generation};
    const BusyScope scope{*this};  // keeps headers, whatever the code of subscribers calls
    const auto place = place_for(slot);
    if (registry.find(name) != &slot) {
        return error(std::errc::no_such_file_or_directory);
    }
    if (!place) {
        return std::unexpected{place.error()};
    }
    const bool is_present = slot.presence != Presence::absent;
    if (is_present && !Interest{slot.live.interest}.is_empty()) {
        return change_watched(slot, interest);  // that code has resumed it
    }
    registry.reserve_moves();
    if (!is_present) {
        if (auto entered = add_to_epoll(slot, *place, interest); !entered) {
            return entered;
        }
    } else {
        // It was paused while its number was held: the old entry goes with the old set.
        if (!sys::is_open(place->fd)) {
            return error(std::errc::bad_file_descriptor);
        }
        if (place->evicted != nullptr) {
            registry.evict(*place->evicted);
        }
        detail::set_variant(slot, interest.is_oneshot() ? Variant::oneshot : Variant::plain);
        slot.presence = Presence::moved;
        rebuild_wanted = true;
    }
    slot.live.interest = interest.bits();
    registry.renumber(slot, place->fd);
    return {};
}

void Reactor::State::narrow_pending(Slot& slot, Interest interest) noexcept {
    const bool none = interest.is_empty() || interest.is_oneshot();
    if (none && slot.again_pending) {
        batch.drop_kept(slot);
    }
    // The event of the running handler is behind the cursor; no slot has two in a batch.
    if (batch.has_tail() && &slot != running()) {
        batch.narrow(slot, none ? 0 : interest.bits() | EPOLLERR | EPOLLHUP, discard_slot);
    }
}

bool Reactor::requeue(RegistrationKey key) {
    State& state = *state_;
    if (state.refusal() != std::errc{}) {
        return false;
    }
    Slot* slot = state.registry.find(key);
    if (slot == nullptr || slot->presence == Presence::absent ||
        Interest{slot->live.interest}.is_empty()) {
        return false;
    }
    const epoll_event* event = state.batch.event_of(*slot);
    if (event == nullptr) {
        return false;
    }
    // Armed anew behind its event: the kernel reports it. Before its event it only looks armed.
    const bool is_armed = slot->variant == Variant::oneshot && event < state.batch.cursor;
    if (!slot->again_pending && !is_armed) {
        state.batch.keep(*slot, event->events);
    }
    return true;
}

}  // namespace eventp
