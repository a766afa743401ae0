// SPDX-License-Identifier: MIT
#pragma once

#include <cerrno>
#include <cstdint>

#include <eventp/version.hpp>

namespace eventp::inline EVENTP_ABI_NAMESPACE::sys {

inline constexpr std::int64_t ns_per_s = 1'000'000'000;

/// The result of a function that returns a negative number and sets errno: that, or -errno.
[[nodiscard]] inline int result_of(long returned) noexcept {
    return returned < 0 ? -errno : static_cast<int>(returned);
}

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE::sys
