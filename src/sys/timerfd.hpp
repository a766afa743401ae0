// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include <eventp/version.hpp>

/// The system calls that read or set times, in a file of their own: a test that replaces time
/// defines these three itself, and the linker does not use ours. Results as in syscall.hpp.
namespace eventp::inline EVENTP_ABI_NAMESPACE::sys {

/// A timer on a clock of clock_gettime(2).
[[nodiscard]] int timerfd(int clock) noexcept;
/// Arms the timer for an absolute time; zero disarms it. Once that time is reached the descriptor
/// is readable until the timer is set again.
[[nodiscard]] int timerfd_set(int fd, std::int64_t deadline_ns) noexcept;
/// The time on a clock, in nanoseconds.
[[nodiscard]] std::int64_t clock_now(int clock) noexcept;

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE::sys
