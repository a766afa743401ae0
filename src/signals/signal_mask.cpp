// SPDX-License-Identifier: MIT
#include "signals/signal_mask.hpp"

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>

namespace eventp::detail {

using sys::SignalBits;

namespace {

struct Counts {
    std::array<std::uint32_t, 64> wanted;  // for bit i
    SignalBits blocked_before;             // of those that are wanted
    std::uint64_t thread;                  // 0: not named yet
};

// Without a destructor, so that a set in another thread-local object may end later.
// NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables): as the mask that it mirrors.
constinit thread_local Counts counts{};

/// Calls `visit` with the index of each bit.
template <typename Visit>
void for_each_bit(SignalBits signals, Visit visit) {
    for (; signals != 0; signals &= signals - 1) {
        visit(static_cast<std::size_t>(std::countr_zero(signals)));
    }
}

}  // namespace

std::uint64_t SignalMask::add(SignalBits signals) noexcept {
    static constinit std::atomic<std::uint64_t> names{0};
    if (counts.thread == 0) {
        counts.thread = names.fetch_add(1, std::memory_order_relaxed) + 1;
    }
    const SignalBits before = sys::block(signals);
    for_each_bit(signals, [before](std::size_t index) {
        const SignalBits bit = SignalBits{1} << index;
        if (counts.wanted[index]++ == 0) {
            counts.blocked_before = (counts.blocked_before & ~bit) | (before & bit);
        }
    });
    return counts.thread;
}

void SignalMask::drop(SignalBits signals, std::uint64_t thread) noexcept {
    if (thread != counts.thread) {
        return;
    }
    SignalBits unwanted = 0;
    for_each_bit(signals, [&unwanted](std::size_t index) {
        if (--counts.wanted[index] == 0) {
            unwanted |= SignalBits{1} << index;
        }
    });
    sys::unblock(unwanted & ~counts.blocked_before);
}

}  // namespace eventp::detail
