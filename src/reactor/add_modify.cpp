// SPDX-License-Identifier: MIT
//
// add(), modify(), requeue() and feed_event().
#include <cerrno>

#include <eventp/detail/slot_access.hpp>

#include "reactor/state.hpp"
#include "sys/syscall.hpp"

namespace eventp::inline EVENTP_ABI_NAMESPACE {

using detail::error;
using detail::Slot;
using detail::SlotState;

/// fd() of a subscriber is on the stack: no thread may use the reactor.
class Reactor::State::ReadingScope {
public:
    explicit ReadingScope(State& state) noexcept : state_{state}, phase_{state, Phase::reading_fd} {
        EVENTP_ASSERT(state.gate.user() != detail::UserGate::reading_fd);
        state.reading_user = state.gate.user();
        state.gate.set_user(detail::UserGate::reading_fd);
    }
    ReadingScope(const ReadingScope&) = delete;
    ReadingScope& operator=(const ReadingScope&) = delete;
    ~ReadingScope() {
        if (!state_.is_in_child()) {
            state_.gate.set_user(state_.reading_user);
        }
    }

private:
    State& state_;
    PhaseScope phase_;
};

int Reactor::State::read_descriptor(Slot& slot) {
    int fd = -1;
    {
        const ReadingScope scope{*this};
        fd = slot.operations->descriptor(&slot);
    }
    if (is_in_child()) [[unlikely]] {
        return -ECHILD;
    }
    return fd < 0 ? -EBADF : fd;
}

// Flattened, as the loop is: the system call leaves the predictors cold.
[[gnu::flatten]] Result<RegistrationId> Reactor::add(AnySubscriber& subscriber) {
    State& state = *state_;
    if (const std::errc why = state.refusal(); why != std::errc{}) [[unlikely]] {
        return error(why);
    }
    if (!subscriber) [[unlikely]] {
        return error(std::errc::invalid_argument);
    }
    Slot& slot = *detail::SlotAccess::slot_of(subscriber);
    EVENTP_ASSERT_SLOT(slot.state == SlotState::unregistered, slot);
    const Interest interest{slot.live.interest};
    if (!interest.is_valid()) [[unlikely]] {
        return error(std::errc::invalid_argument);
    }
    const int fd = state.read_descriptor(slot);
    if (fd < 0) [[unlikely]] {
        return sys::error(fd);
    }
    if (detail::SlotAccess::slot_of(subscriber) != &slot) [[unlikely]] {
        return error(std::errc::invalid_argument);  // fd() has moved the subscriber
    }
    if (state.is_own(fd)) [[unlikely]] {
        return error(std::errc::invalid_argument);
    }
    detail::Registry::Entry entry = state.registry.entry(fd);
    if (!entry) [[unlikely]] {
        // A wrong descriptor must not cost memory.
        if (!sys::is_open(fd)) {
            return error(std::errc::bad_file_descriptor);
        }
        // Before the kernel is called: std::bad_alloc must not leave it with our address.
        state.registry.reserve(fd);
        entry = state.registry.entry(fd);
    }
    if (entry.slot() != nullptr) [[unlikely]] {
        return error(std::errc::file_exists);
    }
    slot.fd = fd;
    if (const auto added = state.add_to_epoll(slot, interest); !added) [[unlikely]] {
        return std::unexpected{added.error()};
    }
    const std::uint32_t generation = state.ids.next();
    slot.live.generation = generation;
    state.registry.insert(entry, slot);
    EVENTP_ASSERT_SLOT(
        is_registered(slot.state) && state.registry.find(RegistrationId{fd, generation}) == &slot,
        slot);
    static_cast<void>(detail::SlotAccess::release(subscriber));
    return RegistrationId{fd, generation};
}

Result<> Reactor::State::add_to_epoll(Slot& slot, Interest interest) {
    EVENTP_ASSERT_SLOT(interest.is_valid() && slot.fd >= 0, slot);
    if (const int answer = set.add(slot.fd, interest.bits(), slot); answer < 0) [[unlikely]] {
        return sys::error(answer);
    }
    if (interest.is_empty()) [[unlikely]] {
        if (set.remove(slot.fd) < 0) {
            registry.entry(slot.fd).mark_stale();
        }
        set_state(slot, SlotState::unwatched, interest);
    } else {
        set_state(slot, SlotState::watched, interest);
    }
    return {};
}

bool Reactor::State::remove_from_epoll(detail::Registry::Entry entry, const Slot& slot) noexcept {
    EVENTP_ASSERT_SLOT(is_registered(slot.state) && entry.slot() == &slot, slot);
    // Kernel: a DEL that returns 0 may have removed a stale entry with the same descriptor, and
    // left ours.
    const bool is_removed = slot.state == SlotState::unwatched || set.remove(slot.fd) >= 0;
    return is_removed && !entry.may_be_stale();
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
    if (interest.is_empty()) {
        return state.pause(*slot, interest);
    }
    return slot->state == SlotState::unwatched ? state.resume(*slot, interest)
                                               : state.change_watched(*slot, interest);
}

Result<> Reactor::State::change_watched(Slot& slot, Interest interest) {
    EVENTP_ASSERT_SLOT(slot.state != SlotState::unwatched, slot);
    // Kernel: MOD from or to EPOLLEXCLUSIVE fails with EINVAL.
    if (interest.is_exclusive() || Interest{slot.live.interest}.is_exclusive()) {
        return error(std::errc::invalid_argument);
    }
    if (const int answer = set.modify(slot.fd, interest.bits(), slot); answer < 0) {
        return sys::error(answer);
    }
    slot.live.interest = interest.bits();
    set_state(slot, SlotState::watched, interest);
    mask_pending(slot, interest);
    return {};
}

Result<> Reactor::State::pause(Slot& slot, Interest interest) {
    EVENTP_ASSERT_SLOT(is_registered(slot.state) && interest.is_empty(), slot);
    if (slot.state != SlotState::unwatched) {
        // If this removes a stale entry instead of ours, ours reports to a slot that drops events.
        if (const int answer = set.remove(slot.fd); answer < 0) {
            return sys::error(answer);
        }
    }
    slot.live.interest = interest.bits();
    set_state(slot, SlotState::unwatched, interest);
    mask_pending(slot, interest);
    return {};
}

Result<> Reactor::State::resume(Slot& slot, Interest interest) {
    EVENTP_ASSERT_SLOT(slot.state == SlotState::unwatched && !interest.is_empty(), slot);
    const int fd = read_descriptor(slot);
    if (fd < 0) {
        return sys::error(fd);
    }
    if (fd != slot.fd || is_own(fd)) {
        return error(std::errc::bad_file_descriptor);
    }
    if (auto added = add_to_epoll(slot, interest); !added) {
        return added;
    }
    slot.live.interest = interest.bits();
    return {};
}

void Reactor::State::mask_pending(Slot& slot, Interest interest) noexcept {
    // A one-shot subscriber that was armed again is reported by the next wait, and only by that.
    const bool is_none = interest.is_empty() || interest.is_oneshot();
    if (is_none) {
        batch.cancel_requeued(slot);
    }
    if (batch.has_rest()) {
        batch.mask_pending(slot, is_none ? 0 : interest.bits() | EPOLLERR | EPOLLHUP, discard_slot);
    }
}

bool Reactor::requeue(RegistrationKey key) {
    State& state = *state_;
    if (state.refusal() != std::errc{}) {
        return false;
    }
    Slot* slot = state.is_in_turn() ? state.registry.find(key) : nullptr;
    if (slot == nullptr || slot->state == SlotState::unwatched) {
        return false;
    }
    const epoll_event* event = state.batch.event_of(*slot);
    if (event == nullptr) {
        return false;
    }
    // If modify() has armed a one-shot subscriber after its event, the kernel reports it.
    const bool is_armed =
        slot->mode == detail::DispatchMode::call_once && event < state.batch.cursor;
    if (!is_armed) {
        state.batch.requeue(*slot, event->events);
        state.has_slow_wait = true;
    }
    return true;
}

bool Reactor::feed_event(RegistrationKey key, Event event) {
    State& state = *state_;
    if (state.refusal() != std::errc{}) {
        return false;
    }
    Slot* slot = state.registry.find(key);
    if (slot == nullptr || slot->state == SlotState::unwatched) {
        return false;
    }
    const Interest interest{slot->live.interest};
    const std::uint32_t allowed = interest.bits() | EPOLLERR | EPOLLHUP;
    if (interest.is_oneshot() || (event.bits() & allowed) == 0) {
        return false;
    }
    state.batch.requeue(*slot, 0, event.bits());
    state.has_slow_wait = true;
    if (!state.is_in_turn()) {
        state.wake_outer_loop();
    }
    return true;
}

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE
