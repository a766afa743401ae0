// SPDX-License-Identifier: MIT
#pragma once

#include <source_location>

#include <eventp/platform.hpp>

namespace eventp::inline EVENTP_ABI_NAMESPACE::detail {

/// Writes "eventp: <text>" and the source location to standard error, then aborts.
///
/// For broken preconditions only. Failures that depend on the kernel or on the state of a reactor
/// are returned as a Result.
[[noreturn]] EVENTP_API void contract_failed(
    const char* text, std::source_location where = std::source_location::current()) noexcept;

/// Checks a precondition, in every build type.
inline void expects(bool held, const char* text,
                    std::source_location where = std::source_location::current()) noexcept {
    if (!held) [[unlikely]] {
        contract_failed(text, where);
    }
}

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE::detail
