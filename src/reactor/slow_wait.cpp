// SPDX-License-Identifier: MIT
//
// Waits that need more than one system call, or none.
#include <algorithm>
#include <ctime>

#include "reactor/state.hpp"
#include "sys/syscall.hpp"
#include "sys/timerfd.hpp"

namespace eventp::inline EVENTP_ABI_NAMESPACE {

namespace {

constexpr std::int64_t throttle_ns = 100'000'000;

std::int64_t now_ns() noexcept {
    return sys::clock_now(CLOCK_MONOTONIC);
}

}  // namespace

/// fill_batch() if there is the rest of a batch, requeued events, a RemoteEndpoint, busy polling or
/// throttling.
[[gnu::noinline]] int Reactor::State::fill_batch_slow(std::int64_t timeout_ns) {
    EVENTP_ASSERT(phase == Phase::idle && has_slow_wait);
    if (batch.has_rest()) {
        // A handler threw. An edge-triggered or one-shot event in the rest is reported only once,
        // so the rest is dispatched before the kernel is asked again. [dispatch.throws]
        ++turns;
        return static_cast<int>(batch.end - batch.cursor);
    }
    batch.reset();
    const bool has_requeued = batch.has_requeued();
    epoll_event* at = has_requeued ? batch.room_after_requeued() : batch.room();
    const int reported = wait_slow(at, has_requeued ? 0 : timeout_ns);
    if (reported < 0) {
        if (has_turn_end) {
            wake_outer_loop();
        }
        return reported;
    }
    batch.begin_turn_at(at, static_cast<std::size_t>(reported));
    if (has_requeued) {
        batch.prepend_requeued();
    }
    if (has_endpoints && channel->mailbox().has_tasks()) {
        batch.prepend(tasks_slot, EPOLLIN);
    }
    events_reported += static_cast<std::size_t>(reported);
    events_prepended += static_cast<std::size_t>(batch.end - batch.begin - reported);
    ++turns;
    has_slow_wait =
        has_endpoints || busy_poll_ns > 0 || is_throttled || batch.begin != batch.room();
    return static_cast<int>(batch.end - batch.begin);
}

/// Waits without sleeping over a posted task. Not noexcept, as all waits: a thread that is
/// cancelled while it waits unwinds (pthreads(7)).
int Reactor::State::wait_slow(epoll_event* at, std::int64_t timeout_ns) {
    detail::Mailbox<>& mailbox = channel->mailbox();
    if (has_endpoints && mailbox.has_tasks()) {
        timeout_ns = 0;
    }
    if (is_throttled && timeout_ns != 0) {
        timeout_ns = wait_for_wakeup(timeout_ns);
    }
    if (busy_poll_ns > 0 && timeout_ns != 0) {
        if (const int reported = poll_busily(at, timeout_ns); reported != 0) {
            return reported;
        }
    }
    if (!has_endpoints) {
        return set.wait(at, capacity, timeout_ns);
    }
    if (timeout_ns != 0 && !mailbox.prepare_to_sleep()) {
        timeout_ns = 0;
    }
    const int reported = set.wait(at, capacity, timeout_ns);
    mailbox.mark_awake();
    return reported;
}

/// Polls until there is something to do, as long as the options say. Reduces the timeout by the
/// time that has passed; to zero if there are tasks.
int Reactor::State::poll_busily(epoll_event* at, std::int64_t& timeout_ns) {
    EVENTP_ASSERT(busy_poll_ns > 0 && timeout_ns != 0);
    const std::int64_t start = now_ns();
    const std::int64_t longest = timeout_ns < 0 ? busy_poll_ns : std::min(busy_poll_ns, timeout_ns);
    std::int64_t passed = 0;
    do {
        const int reported = set.wait(at, capacity, 0);
        if (reported != 0) {
            return reported;
        }
        if (channel->mailbox().has_tasks()) {
            timeout_ns = 0;
            return 0;
        }
        passed = now_ns() - start;
    } while (passed < longest);
    timeout_ns = timeout_ns < 0 ? timeout_ns : std::max<std::int64_t>(timeout_ns - passed, 0);
    return 0;
}

/// A stale entry is ready and the epoll instance cannot be replaced: waits for a while for the
/// eventfd alone, so that the loop does not spin. Returns what is left of the timeout.
std::int64_t Reactor::State::wait_for_wakeup(std::int64_t timeout_ns) {
    EVENTP_ASSERT(is_throttled && timeout_ns != 0);
    const std::int64_t start = now_ns();
    const std::int64_t longest = timeout_ns < 0 ? throttle_ns : std::min(throttle_ns, timeout_ns);
    is_throttled = false;
    if (!has_endpoints || channel->mailbox().prepare_to_sleep()) {
        static_cast<void>(sys::wait_readable(channel->fd(), longest));
    }
    channel->mailbox().mark_awake();
    return timeout_ns < 0 ? 0 : std::max<std::int64_t>(timeout_ns - (now_ns() - start), 0);
}

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE
