// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>
#include <ratio>

#include <eventp/platform.hpp>

namespace eventp::inline EVENTP_ABI_NAMESPACE::detail {

/// The duration, rounded up to nanoseconds and limited to the range of std::int64_t.
template <typename Rep, typename Period>
[[nodiscard]] constexpr std::int64_t saturated_ns(
    std::chrono::duration<Rep, Period> duration) noexcept {
    using Limits = std::numeric_limits<std::int64_t>;
    constexpr std::int64_t least = (Limits::min)();  // min and max may be macros
    constexpr std::int64_t most = (Limits::max)();
    using Factor = std::ratio_divide<Period, std::nano>;
    if constexpr (std::integral<Rep> && Factor::den == 1) {
        std::int64_t ns = 0;
        if (__builtin_mul_overflow(duration.count(), std::int64_t{Factor::num}, &ns)) {
            return duration.count() < 0 ? least : most;
        }
        return ns;
    } else {
        const long double ns =
            std::ceil(std::chrono::duration<long double, std::nano>{duration}.count());
        if (!(ns < static_cast<long double>(most))) {  // NaN too
            return most;
        }
        return ns > static_cast<long double>(least) ? static_cast<std::int64_t>(ns) : least;
    }
}

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE::detail
