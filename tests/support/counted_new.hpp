// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

namespace eventp::support {

/// What went through operator new in this program, since it began. A test that links
/// counted_new.cpp has the global operators replaced.
struct Allocations {
    std::size_t made = 0;
    std::size_t live = 0;
    std::size_t last_size = 0;
};
[[nodiscard]] Allocations allocations() noexcept;

}  // namespace eventp::support
