// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "sys/signal.hpp"

namespace eventp::detail {

/// Which signals SignalSets have blocked in the calling thread. Only that thread can change its
/// mask.
class SignalMask {
public:
    /// Blocks signals in the calling thread. Returns an id of the thread that no other thread of
    /// this process has or had.
    [[nodiscard]] static std::uint64_t block(sys::SignalBits signals) noexcept;

    /// Unblocks those of the signals that block() has blocked, not those that were blocked before.
    /// Does nothing in another thread than that with this id.
    static void unblock(sys::SignalBits signals, std::uint64_t thread) noexcept;
};

}  // namespace eventp::detail
