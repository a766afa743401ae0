// SPDX-License-Identifier: MIT
//
// What a forked child does with its copy of a reactor.
#include <cerrno>
#include <cstddef>
#include <utility>
#include <vector>

#include "reactor/state.hpp"
#include "sys/syscall.hpp"

namespace eventp::inline EVENTP_ABI_NAMESPACE {

using detail::EpollSet;
using detail::Slot;
using detail::SlotState;

Result<> Reactor::reinit_after_fork() {
    const bool is_child = state_->refusal() == std::errc::no_child_process;
    return is_child ? state_->reinit_after_fork() : Result<>{};
}

/// The subscribers of a child that keeps its copy of the reactor. after_fork() and fd() may throw:
/// those that were not reached are destroyed then.
struct Reactor::State::Keeping {
    explicit Keeping(State& owner, const std::vector<RegistrationId>& ids) noexcept
        : state{owner}, all{ids} {}
    Keeping(const Keeping&) = delete;
    Keeping& operator=(const Keeping&) = delete;
    ~Keeping() {
        state.after_fork_slot = nullptr;
        if (state.retired != nullptr) {
            static_cast<void>(state.destroy_retired());
        }
        for (; next != all.size() && !state.is_in_child(); ++next) {
            static_cast<void>(state.remove(all[next], When::now));
        }
        state.settle();
    }

    State& state;
    const std::vector<RegistrationId>& all;
    std::size_t next = 0;
};

Result<> Reactor::State::reinit_after_fork() {
    if (phase != Phase::idle) {
        return detail::error(std::errc::device_or_resource_busy);
    }
    if (is_closed) {
        gate.set_user(detail::UserGate::closed);
        return {};
    }
    std::vector<RegistrationId> ids_of_all;
    ids_of_all.reserve(registry.size());
    EpollSet fresh{sys::epoll_create()};
    if (!fresh.is_open()) {
        return sys::error(fresh.fd());
    }
    if (const int answer = channel->reinit_after_fork(); answer < 0) {
        return sys::error(answer);
    }
    if (const int answer = fresh.add(channel->fd(), EPOLLIN | EPOLLET, wakeup_slot); answer < 0) {
        return sys::error(answer);
    }
    // No system call fails from here on. The old epoll instance is the parent's: it is closed, not
    // changed.
    set = std::move(fresh);
    renew_spare();
    pollable.close();
    is_pollable_stale = false;
    needs_end_turn = true;
    events_without_handler += static_cast<std::uint64_t>(batch.end - batch.cursor);
    batch.reset();
    batch.cancel_all_requeued();
    gate.set_user(detail::UserGate::idle);
    const UseScope use{*this};
    const PhaseScope scope{*this, Phase::after_fork};
    static_cast<void>(destroy_retired());  // removed by the handler that forked

    // Every subscriber is unwatched before the first one is added to the new epoll instance.
    registry.for_each([&](Slot& slot) {
        set_state(slot, SlotState::unwatched, Interest{slot.live.interest});
        ids_of_all.emplace_back(slot.fd, slot.live.generation);
    });
    registry.clear_stale();
    quarantine.settle(stale_operations);
    quarantine.release();
    for (Keeping keeping{*this, ids_of_all}; keeping.next != ids_of_all.size(); ++keeping.next) {
        if (is_in_child()) {
            return detail::error(std::errc::no_child_process);  // user code has forked again
        }
        keep_after_fork(ids_of_all[keeping.next]);
    }
    return {};
}

/// Adds a subscriber to the new epoll instance if its type has after_fork(); otherwise destroys it.
void Reactor::State::keep_after_fork(RegistrationId id) {
    Slot* slot = registry.find(id);
    if (slot == nullptr) {
        return;  // after_fork() of another one has removed it
    }
    EVENTP_ASSERT_SLOT(after_fork_slot == nullptr && is_registered(slot->state), *slot);
    if (slot->operations->after_fork != nullptr) {
        after_fork_slot = slot;
        slot->operations->after_fork(slot, reactor);
        after_fork_slot = nullptr;
        if (retired != nullptr) {
            static_cast<void>(destroy_retired());
        }
        if (is_in_child() || registry.find(id) != slot) {
            return;
        }
        const Interest interest{slot->live.interest};
        if (interest.is_empty() || slot->state != SlotState::unwatched || resume(*slot, interest)) {
            return;
        }
    }
    if (!is_in_child()) {
        static_cast<void>(remove(id, When::now));
    }
}

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE
