// SPDX-License-Identifier: MIT
//
// How a turn waits: polling for a while first when asked to, and never asleep over a posted task.
#include <algorithm>
#include <chrono>

#include "reactor/state.hpp"

namespace eventp {

namespace {

std::int64_t now_ns() noexcept {
    using std::chrono::nanoseconds;
    using std::chrono::steady_clock;
    return nanoseconds{steady_clock::now().time_since_epoch()}.count();
}

}  // namespace

int Reactor::State::wait_slow(epoll_event* room, std::int64_t timeout_ns) {
    if (has_endpoints && channel->mailbox().has_tasks()) {
        timeout_ns = 0;
    }
    if (timeout_ns != 0 && spin_ns > 0) {
        int reported = 0;
        timeout_ns = spin(room, timeout_ns, reported);
        if (reported != 0) {
            return reported;
        }
    }
    if (!has_endpoints) {
        return set.wait(room, capacity, timeout_ns);
    }
    if (timeout_ns != 0 && !channel->mailbox().prepare_to_sleep()) {
        timeout_ns = 0;
    }
    const int reported = set.wait(room, capacity, timeout_ns);
    channel->mailbox().awake();
    return reported;
}

/// Polls until there is something to do, for as long as the options say. Returns what is left of
/// the timeout, 0 when there are tasks.
std::int64_t Reactor::State::spin(epoll_event* room, std::int64_t timeout_ns, int& reported) {
    const std::int64_t start = now_ns();
    const std::int64_t longest = timeout_ns < 0 ? spin_ns : std::min(spin_ns, timeout_ns);
    std::int64_t spent = 0;
    do {
        reported = set.wait(room, capacity, 0);
        if (reported != 0 || channel->mailbox().has_tasks()) {
            return 0;
        }
        spent = now_ns() - start;
    } while (spent < longest);
    return timeout_ns < 0 ? timeout_ns : std::max<std::int64_t>(timeout_ns - spent, 0);
}

}  // namespace eventp
