// SPDX-License-Identifier: MIT
#pragma once

#include "sys/signal.hpp"

namespace eventp::inline EVENTP_ABI_NAMESPACE::detail {

/// Which signals SignalSets have blocked in the calling thread. Only that thread can change its
/// mask.
class SignalMask {
public:
    /// Blocks signals in the calling thread. Returns -errno if a sandbox refuses that.
    [[nodiscard]] static int block(sys::SignalBits signals) noexcept;

    /// Unblocks those of the signals that block() has blocked in the calling thread, not those that
    /// were blocked before.
    static void unblock(sys::SignalBits signals) noexcept;
};

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE::detail
