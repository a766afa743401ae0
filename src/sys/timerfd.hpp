// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include <eventp/version.hpp>

/// The system calls that know the time, in a file of their own: a test that replaces time defines
/// these three itself, and the linker leaves ours out. Results as in syscall.hpp.
namespace eventp::inline EVENTP_ABI_NAMESPACE::sys {

/// A timer on a clock of clock_gettime(2).
[[nodiscard]] int timerfd(int clock) noexcept;
/// Sets it to an absolute time, from when on it is readable until it is set again. Zero: never.
[[nodiscard]] int timerfd_set(int fd, std::int64_t deadline_ns) noexcept;
/// The time on a clock, in nanoseconds.
[[nodiscard]] std::int64_t clock_now(int clock) noexcept;

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE::sys
