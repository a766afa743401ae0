// SPDX-License-Identifier: MIT
#include "signals/signal_mask.hpp"

#include <atomic>

namespace eventp::detail {

using sys::SignalBits;

namespace {

struct ThreadMask {
    SignalBits blocked;    // by block(), and not before it
    std::uint64_t thread;  // its id; 0: it has none yet
};

// Without a destructor, so that a SignalSet in another thread-local object may be destroyed later.
// NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables): it describes the thread's
// mask
constinit thread_local ThreadMask mask{};

}  // namespace

std::uint64_t SignalMask::block(SignalBits signals) noexcept {
    static constinit std::atomic<std::uint64_t> last_id{0};
    if (mask.thread == 0) {
        mask.thread = last_id.fetch_add(1, std::memory_order_relaxed) + 1;
    }
    const SignalBits before = sys::block(signals);
    mask.blocked |= signals & ~before;
    return mask.thread;
}

void SignalMask::unblock(SignalBits signals, std::uint64_t thread) noexcept {
    if (thread == mask.thread) {
        const SignalBits blocked = signals & mask.blocked;
        mask.blocked &= ~blocked;
        sys::unblock(blocked);  // signal handlers may run here
    }
}

}  // namespace eventp::detail
