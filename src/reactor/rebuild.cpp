// SPDX-License-Identifier: MIT
//
// Between turns: slot memory is given back, and the kernel's set is rebuilt when it holds addresses
// of removed subscribers that no DEL can take out.
#include <algorithm>
#include <cerrno>

#include "reactor/state.hpp"
#include "sys/syscall.hpp"

namespace eventp {

using detail::EpollSet;
using detail::Presence;
using detail::Slot;
using detail::Variant;

namespace {

constexpr std::size_t quarantine_limit_min = 1024;

/// The number is closed, or by now names a file that cannot be watched, or not in this way: one
/// without readiness, an epoll set for EPOLLEXCLUSIVE, one that leads back here.
constexpr bool means_unwatchable(int answer) noexcept {
    return answer == -EBADF || answer == -EPERM || answer == -EINVAL || answer == -ELOOP;
}

/// Kernel: EPOLLONESHOT alone is what a fired one-shot entry looks like; a hang-up that is pending
/// is reported once more all the same, and dropped by the variant.
constexpr std::uint32_t rebuilt_interest(const Slot& slot) noexcept {
    return slot.variant == Variant::dropped ? std::uint32_t{EPOLLONESHOT} : slot.live.interest;
}

}  // namespace

void Reactor::State::settle_now() noexcept {
    if (busy != 0 || batch.has_tail() || in_child()) {
        return;
    }
    quarantine.settle(ghost_operations);
    if (pollable_is_stale) {
        attach_to_pollable();
    }
    if (!rebuild_is_due() || ended) {
        return;
    }
    if (rebuild()) {
        rebuild_wanted = false;
        quarantine_limit = 0;
    } else {
        // The old set and the quarantine stay. More has to gather before it is tried again; but
        // what modify() has stored is waited for, and tried behind every turn.
        quarantine_limit = 2 * quarantine.size();
    }
    ghosts = 0;
}

bool Reactor::State::rebuild_is_due() const noexcept {
    const std::size_t live = registry.size();
    return rebuild_wanted || ghosts > 1 + live / 16 ||
           quarantine.size() > std::max({quarantine_limit_min, live, quarantine_limit});
}

bool Reactor::State::rebuild() noexcept {
    const BusyScope scope{*this};
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
        // The entry of the old set would stay in the facade while a forked child has that set.
        static_cast<void>(pollable.remove(set.fd()));
    }
    const bool replaced = set.replace_by(spare) >= 0;
    if (pollable.is_open()) {
        attach_to_pollable();
    }
    if (!replaced) {
        renew_spare();
        return false;
    }
    registry.for_each([this](Slot& slot) {
        if (slot.presence == Presence::lost) {
            slot.presence = Presence::absent;
            ++stats.descriptors_detached;
        } else if (slot.presence != Presence::absent) {
            const bool is_paused = Interest{slot.live.interest}.is_empty();
            slot.presence = is_paused ? Presence::absent : Presence::present;
        }
    });
    quarantine.release(registry);
    ++stats.rebuilds;
    renew_spare();
    return true;
}

/// An empty set, which has the number of the one before unless another thread is quicker.
void Reactor::State::renew_spare() noexcept {
    spare.close();
    spare = EpollSet{std::max(sys::epoll_create(), -1)};
}

/// Puts everything that is live into `fresh`; what cannot come along is `lost`. False when the
/// kernel has no room.
bool Reactor::State::fill(EpollSet& fresh) noexcept {
    bool complete = fresh.add(channel->fd(), EPOLLIN | EPOLLET, wakeup_slot) >= 0;
    registry.for_each([&](Slot& slot) {
        if (!complete || slot.presence == Presence::absent) {
            return;
        }
        if (Interest{slot.live.interest}.is_empty()) {
            return;
        }
        // Closed behind our back, its number may be ours now.
        const bool is_ours = slot.fd == pollable.fd() || slot.fd == fresh.fd();
        const int answer = is_ours ? -EBADF : fresh.add(slot.fd, rebuilt_interest(slot), slot);
        if (means_unwatchable(answer)) {
            slot.presence = Presence::lost;
        } else if (slot.presence == Presence::lost) {
            slot.presence = Presence::moved;  // a rebuild that failed has not found it
        }
        complete = answer >= 0 || slot.presence == Presence::lost;
    });
    return complete;
}

void Reactor::State::attach_to_pollable() noexcept {
    pollable_is_stale = pollable.add(set.fd(), EPOLLIN, discard_slot) < 0;
}

void Reactor::State::wake_outer_loop_now() noexcept {
    if (!in_child() &&
        (batch.has_tail() || batch.has_kept() || !channel->mailbox().prepare_to_sleep())) {
        channel->ring();
    }
}

}  // namespace eventp
