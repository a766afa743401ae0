// SPDX-License-Identifier: MIT
//
// fd(): the epoll instance by which another loop watches this one.
#include "reactor/state.hpp"
#include "sys/syscall.hpp"

namespace eventp::inline EVENTP_ABI_NAMESPACE {

Result<BorrowedFd> Reactor::fd() {
    State& state = *state_;
    if (const std::errc why = state.refusal(); why != std::errc{}) {
        return detail::error(why);
    }
    if (!state.pollable.is_open()) {
        return state.open_pollable();
    }
    return BorrowedFd{state.pollable.fd()};
}

Result<BorrowedFd> Reactor::State::open_pollable() {
    EVENTP_ASSERT(!pollable.is_open());
    detail::EpollSet opened{sys::epoll_create()};
    if (!opened.is_open()) {
        return sys::error(opened.fd());
    }
    if (const int answer = opened.add(set.fd(), EPOLLIN, discard_slot); answer < 0) {
        return sys::error(answer);
    }
    pollable = std::move(opened);
    has_turn_end = true;
    wake_outer_loop();
    return BorrowedFd{pollable.fd()};
}

void Reactor::State::attach_to_pollable() noexcept {
    is_pollable_stale = pollable.add(set.fd(), EPOLLIN, discard_slot) < 0;
    has_stale_entries = has_stale_entries || is_pollable_stale;
}

void Reactor::State::wake_outer_loop() noexcept {
    if (pollable.is_open() && !is_in_child() &&
        (batch.has_rest() || batch.has_requeued() || !channel->mailbox().prepare_to_sleep())) {
        channel->notify();
    }
}

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE
