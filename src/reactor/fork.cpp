// SPDX-License-Identifier: MIT
//
// What a forked child does with its copy of a reactor.
#include <cerrno>
#include <cstddef>
#include <utility>
#include <vector>

#include "reactor/state.hpp"
#include "sys/syscall.hpp"

namespace eventp {

using detail::EpollSet;
using detail::Presence;
using detail::Slot;

Result<> Reactor::reinit_after_fork() {
    return state_->in_child() ? state_->reinit_after_fork() : Result<>{};
}

Result<> Reactor::State::reinit_after_fork() {
    if (busy != 0) {
        return detail::error(std::errc::device_or_resource_busy);
    }
    std::vector<RegistrationId> names;
    names.reserve(registry.size());
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
    // The kernel refuses nothing from here on. The old set is the parent's: it is let go, not
    // edited.
    set = std::move(fresh);
    spare = EpollSet{sys::epoll_create()};
    pollable.close();
    batch.forget();
    channel->adopt_after_fork();
    destroy_retired();  // removed by the handler that forked, before it did

    // All are out of the set before the first one resumes, so that numbers may change places.
    registry.for_each([&](Slot& slot) {
        slot.presence = Presence::absent;
        if (slot.again_pending) {
            batch.drop_kept(slot);
        }
        names.emplace_back(slot.fd, slot.live.generation);
    });
    /// Throws: after_fork() may, and an allocation. Who was not reached is destroyed then.
    struct Keeping {
        explicit Keeping(State& owner, const std::vector<RegistrationId>& all) noexcept
            : state{owner}, names{all} {}
        Keeping(const Keeping&) = delete;
        Keeping& operator=(const Keeping&) = delete;
        ~Keeping() {
            for (; next != names.size(); ++next) {
                static_cast<void>(state.remove(names[next], When::now));
            }
            state.settle();
            state.quarantine.release(state.registry);
        }

        State& state;
        const std::vector<RegistrationId>& names;
        std::size_t next = 0;
    };
    for (Keeping keeping{*this, names}; keeping.next != names.size(); ++keeping.next) {
        keep_after_fork(names[keeping.next]);
    }
    return {};
}

/// Registers anew what knows of forks, and destroys what does not.
void Reactor::State::keep_after_fork(RegistrationId name) {
    Slot* slot = registry.find(name);
    if (slot == nullptr) {
        return;  // removed by the after_fork() of another
    }
    if (slot->operations->after_fork != nullptr) {
        const BusyScope keeps_header{*this};
        {
            const UserCallScope scope{*this, *slot};
            slot->operations->after_fork(slot, reactor);
        }
        const Interest interest{slot->live.interest};
        if (registry.find(name) != slot || interest.is_empty() || resume(*slot, interest)) {
            return;
        }
    }
    static_cast<void>(remove(name, When::now));
}

}  // namespace eventp
