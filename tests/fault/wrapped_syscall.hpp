// SPDX-License-Identifier: MIT
#pragma once

namespace eventp::support {

/// How often this program has called syscall(2), with that number or at all. For tests that link
/// wrapped_syscall.cpp with -Wl,--wrap=syscall.
[[nodiscard]] int calls_of(long number) noexcept;
[[nodiscard]] int all_calls() noexcept;

/// While this lives, syscall(2) with that number does not enter the kernel after the first
/// `passing` calls: it returns `result`, or -1 with errno set to -result if that is negative. One
/// at a time.
class ReplacedSyscall {
public:
    ReplacedSyscall(long number, int result, int passing = 0) noexcept;
    ReplacedSyscall(const ReplacedSyscall&) = delete;
    ReplacedSyscall& operator=(const ReplacedSyscall&) = delete;
    ~ReplacedSyscall();
};

}  // namespace eventp::support
