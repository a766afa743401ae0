// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "sys/signal.hpp"

namespace eventp::detail {

/// Blocks signals in a thread for as long as somebody wants them blocked there.
///
/// A mask belongs to a thread and can be changed by that thread only, so the counts do too.
class SignalMask {
public:
    /// One more wants them blocked in the calling thread. Gives the name of that thread, which no
    /// other thread ever has in this process.
    [[nodiscard]] static std::uint64_t add(sys::SignalBits signals) noexcept;

    /// One less. What nobody wants any more is unblocked, unless it was blocked before the first
    /// one came. Does nothing in a thread of another name.
    static void drop(sys::SignalBits signals, std::uint64_t thread) noexcept;
};

}  // namespace eventp::detail
