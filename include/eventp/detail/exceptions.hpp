// SPDX-License-Identifier: MIT
#pragma once

#include <eventp/platform.hpp>

namespace eventp::inline EVENTP_ABI_NAMESPACE::detail {

/// Terminates with a message when a program with exceptions has got a library without them: an
/// exception of a handler would pass through dispatch without unwinding it.
EVENTP_API void require_exceptions_in_library(bool program_has_exceptions) noexcept;

#if defined(__cpp_exceptions)
// NOLINTNEXTLINE(cert-dcl59-cpp, misc-anonymous-namespace-in-header): one in each file is meant.
namespace {
// In every file that includes this, on purpose: files of one program may differ in their flags.
[[maybe_unused]] const bool exceptions_checked =
    (require_exceptions_in_library(/*program_has_exceptions=*/true), true);
}  // namespace
#endif

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE::detail
