// SPDX-License-Identifier: MIT
#pragma once

#include <expected>
#include <system_error>

#include <eventp/platform.hpp>

namespace eventp::inline EVENTP_ABI_NAMESPACE {

/// The result of an operation that can fail because of the kernel or of the state of a reactor.
///
/// The error code belongs to std::system_category(); compare it with std::errc:
/// `result.error() == std::errc::file_exists`.
///
/// [error.refused] If the kernel does not have a system call, or a sandbox (seccomp(2)) refuses it,
/// then another one is used, or the operation fails with the error of that system call and has
/// changed nothing. docs/errors.md lists them.
template <typename T = void>
using Result = std::expected<T, std::error_code>;

namespace detail {

/// An error that this library reports itself, in the category of the kernel's errors.
[[nodiscard]] inline std::unexpected<std::error_code> error(std::errc why) noexcept {
    return std::unexpected{std::error_code{static_cast<int>(why), std::system_category()}};
}

}  // namespace detail
}  // namespace eventp::inline EVENTP_ABI_NAMESPACE
