// SPDX-License-Identifier: MIT
#pragma once

// Stands in for src/base/this_thread.hpp: the simulated threads share one real one.
#include <eventp/version.hpp>

#include "weak_memory.hpp"

namespace eventp::inline EVENTP_ABI_NAMESPACE::detail {

using ThreadToken = const void*;

[[nodiscard]] inline ThreadToken this_thread() noexcept {
    static constexpr char threads[8]{};
    return &threads[rl::ctx().threadx_->index_];
}

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE::detail
