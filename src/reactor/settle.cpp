// SPDX-License-Identifier: MIT
//
// When memory is freed, and when the epoll instance must be replaced.
//
// The value of a removed subscriber is destroyed in dispatch.cpp; the memory of its slot is freed
// here, between turns, when no batch holds its address. If the kernel may still hold it, the slot
// stays in quarantine until rebuild() has replaced the epoll instance.
#include <algorithm>

#include "reactor/state.hpp"

namespace eventp::inline EVENTP_ABI_NAMESPACE {

namespace {

constexpr std::size_t quarantine_limit_min = 1024;
constexpr std::uint64_t stale_limit_after_failure = 10;

}  // namespace

/// The part of settle() for stale entries: replaces the epoll instance if that is due.
void Reactor::State::settle_stale_entries() noexcept {
    EVENTP_ASSERT(phase == Phase::idle && retired == nullptr && !batch.has_rest());
    if (is_pollable_stale) {
        attach_to_pollable();
    }
    const bool are_all_stale =
        stale_in_turn > 0 && stale_in_turn == static_cast<std::uint64_t>(batch.end - batch.begin);
    if (is_rebuild_due()) {
        has_rebuild_failed = !rebuild();
        is_rebuild_wanted = is_rebuild_wanted && has_rebuild_failed;
        quarantine_limit = has_rebuild_failed ? 2 * quarantine.size() : 0;
        stale_since_rebuild = 0;
    }
    // A stale entry that cannot be removed must not make the loop spin.
    is_throttled = has_rebuild_failed && are_all_stale;
    has_slow_wait = has_slow_wait || is_throttled;
    stale_in_turn = 0;
    has_stale_entries = is_rebuild_wanted || is_pollable_stale || quarantine.size() > 0;
    has_turn_end = has_turn_end || has_stale_entries;
}

bool Reactor::State::is_rebuild_due() const noexcept {
    const std::size_t live = registry.size();
    const std::uint64_t stale_limit =
        has_rebuild_failed ? std::min(1 + std::uint64_t{live} / 16, stale_limit_after_failure)
                           : 1 + live / 16;
    return is_rebuild_wanted || stale_since_rebuild > stale_limit ||
           quarantine.size() > std::max({quarantine_limit_min, live, quarantine_limit});
}

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE
