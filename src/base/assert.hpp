// SPDX-License-Identifier: MIT
#pragma once

#include <source_location>

#include <eventp/version.hpp>

namespace eventp::inline EVENTP_ABI_NAMESPACE::detail {

struct Slot;

/// Writes the expression that does not hold, the state of the slot it is about (may be null) and
/// the place to standard error, then aborts.
[[noreturn]] void assertion_failed(
    const char* expression, const Slot* slot = nullptr,
    std::source_location where = std::source_location::current()) noexcept;

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE::detail

/// Checks an invariant of the library itself. On in builds without NDEBUG and in every test build
/// (EVENTP_ASSERTIONS); off in release builds, where the expression is not evaluated.
/// What the caller of the library owes is checked by expects() in every build (contract.hpp).
#if !defined(NDEBUG) || defined(EVENTP_ASSERTIONS)
#define EVENTP_ASSERT(expression) \
    ((expression) ? void() : ::eventp::detail::assertion_failed(#expression))
#define EVENTP_ASSERT_SLOT(expression, slot) \
    ((expression) ? void() : ::eventp::detail::assertion_failed(#expression, &(slot)))
#else
#define EVENTP_ASSERT(expression) static_cast<void>(sizeof((expression) ? 1 : 0))
#define EVENTP_ASSERT_SLOT(expression, slot) static_cast<void>(sizeof((expression) ? 1 : 0))
#endif
