// SPDX-License-Identifier: MIT
//
// Replacing the epoll instance, when it has entries of removed subscribers that EPOLL_CTL_DEL
// cannot remove.
#include <cerrno>

#include "reactor/state.hpp"
#include "sys/syscall.hpp"

namespace eventp::inline EVENTP_ABI_NAMESPACE {

using detail::EpollSet;
using detail::Slot;
using detail::SlotState;

namespace {

/// The user closed the descriptor; or by now it is a file that cannot be watched, or not with this
/// interest: one without readiness, an epoll instance for EPOLLEXCLUSIVE, one that leads back here.
constexpr bool means_unwatchable(int answer) noexcept {
    return answer == -EBADF || answer == -EPERM || answer == -EINVAL || answer == -ELOOP;
}

/// Kernel: EPOLLONESHOT alone is what the entry of a fired one-shot subscriber looks like. A
/// hang-up is reported once more, and dropped by the mode of the slot.
constexpr std::uint32_t rebuilt_interest(const Slot& slot) noexcept {
    return slot.state == SlotState::fired ? std::uint32_t{EPOLLONESHOT} : slot.live.interest;
}

}  // namespace

/// False, and nothing changed, if the kernel has no room or no descriptor is free.
bool Reactor::State::rebuild() noexcept {
    EVENTP_ASSERT(phase == Phase::idle && !batch.has_rest());
    if (!spare.is_open()) {
        renew_spare();
    }
    if (!spare.is_open()) {
        return false;
    }
    if (!fill(spare)) {
        renew_spare();
        return false;
    }
    if (pollable.is_open()) {
        // Else the entry of the old instance would stay while a forked child has it open.
        static_cast<void>(pollable.remove(set.fd()));
    }
    set = std::move(spare);
    if (pollable.is_open()) {
        attach_to_pollable();
    }
    commit_rebuild();
    renew_spare();
    return true;
}

/// Closing the last spare one has freed a descriptor, unless another thread is quicker.
void Reactor::State::renew_spare() noexcept {
    spare.close();
    spare = EpollSet{std::max(sys::epoll_create(), -1)};
}

/// Adds every watched slot to `fresh`, and marks those that cannot be watched any more. False if
/// the kernel has no room.
bool Reactor::State::fill(EpollSet& fresh) noexcept {
    bool is_complete = fresh.add(channel->fd(), EPOLLIN | EPOLLET, wakeup_slot) >= 0;
    registry.for_each([&](Slot& slot) {
        if (!is_complete || slot.state == SlotState::unwatched) {
            return;
        }
        // The user may have closed a descriptor that is one of the reactor's own now.
        const int answer =
            is_own(slot.fd) ? -EBADF : fresh.add(slot.fd, rebuilt_interest(slot), slot);
        slot.is_unwatchable = means_unwatchable(answer);
        is_complete = answer >= 0 || slot.is_unwatchable;
    });
    return is_complete;
}

/// The epoll instance that fill() made is in place.
void Reactor::State::commit_rebuild() noexcept {
    registry.for_each([this](Slot& slot) {
        EVENTP_ASSERT_SLOT(is_registered(slot.state), slot);
        if (slot.state != SlotState::unwatched && slot.is_unwatchable) {
            set_state(slot, SlotState::unwatched, Interest{slot.live.interest});
            ++descriptors_detached;
        }
    });
    registry.clear_stale();
    quarantine.release();
    EVENTP_ASSERT(quarantine.size() == 0);
    ++rebuilds;
}

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE
