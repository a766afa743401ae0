// SPDX-License-Identifier: MIT
#pragma once

#include <expected>
#include <system_error>

#include <eventp/platform.hpp>

namespace eventp {

/// What an operation answers that the kernel, or the state of a reactor, can refuse.
///
/// The code belongs to std::system_category(); compare it with std::errc:
/// `result.error() == std::errc::file_exists`.
///
/// [error.refused] If the kernel does not have a system call, or a sandbox (seccomp(2)) refuses it,
/// then another one is used, or the operation fails with the error of that system call and has
/// changed nothing. docs/errors.md lists them.
template <typename T = void>
using Result = std::expected<T, std::error_code>;

namespace detail {

/// A refusal of our own, in the category of the kernel's.
[[nodiscard]] inline std::unexpected<std::error_code> error(std::errc why) noexcept {
    return std::unexpected{std::error_code{static_cast<int>(why), std::system_category()}};
}

}  // namespace detail
}  // namespace eventp
