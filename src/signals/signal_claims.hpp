// SPDX-License-Identifier: MIT
#pragma once

#include "base/fork_guard.hpp"
#include "sys/signal.hpp"

namespace eventp::inline EVENTP_ABI_NAMESPACE::detail {

/// Which signals belong to a SignalSet of this process: each to one at most, because a signal is
/// read once. A forked child starts without claims. Requires prepare_fork_detection().
///
/// Lock-free, because a lock that another thread holds during fork(2) is never released in the
/// child.
/// Thread safety:  from any thread.
class SignalClaims {
public:
    /// Claims all of the signals; none if one of them is claimed.
    [[nodiscard]] static bool claim(sys::SignalBits signals) noexcept;

    /// Ends claims that this process has made.
    static void release(sys::SignalBits signals) noexcept;

    /// Those of the signals that are claimed in this process.
    [[nodiscard]] static sys::SignalBits claimed(sys::SignalBits signals) noexcept;
};

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE::detail
