// SPDX-License-Identifier: MIT
#pragma once

#include <source_location>

#include <eventp/platform.hpp>

namespace eventp::inline EVENTP_ABI_NAMESPACE::detail {

/// Writes "eventp: <text>" and where it was noticed to standard error, then aborts.
///
/// For broken contracts only: what the kernel or the state of a reactor can refuse is a Result.
[[noreturn]] EVENTP_API void contract_failed(
    const char* text, std::source_location where = std::source_location::current()) noexcept;

/// Checks what the caller owes, in every build type.
inline void expects(bool held, const char* text,
                    std::source_location where = std::source_location::current()) noexcept {
    if (!held) [[unlikely]] {
        contract_failed(text, where);
    }
}

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE::detail
