// SPDX-License-Identifier: MIT
#include "signals/signal_mask.hpp"

namespace eventp::inline EVENTP_ABI_NAMESPACE::detail {

using sys::SignalBits;

namespace {

// Without a destructor, so that a SignalSet in another thread-local object may be destroyed later.
// NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables): a mask is the thread's.
constinit thread_local SignalBits blocked_by_sets = 0;

}  // namespace

int SignalMask::block(SignalBits signals) noexcept {
    SignalBits before = 0;
    if (const int result = sys::block(signals, before); result < 0) {
        return result;
    }
    blocked_by_sets |= signals & ~before;
    return 0;
}

void SignalMask::unblock(SignalBits signals) noexcept {
    const SignalBits unblocked = signals & blocked_by_sets;
    blocked_by_sets &= ~unblocked;
    sys::unblock(unblocked);  // signal handlers may run here
}

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE::detail
