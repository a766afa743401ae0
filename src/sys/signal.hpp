// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include <eventp/version.hpp>

struct signalfd_siginfo;

/// The system calls that concern signals. Results as in syscall.hpp.
namespace eventp::inline EVENTP_ABI_NAMESPACE::sys {

/// A set of signals: number n is bit n - 1.
using SignalBits = std::uint64_t;

[[nodiscard]] constexpr SignalBits signal_bit(int number) noexcept {
    return SignalBits{1} << static_cast<unsigned>(number - 1);
}

/// False for numbers that are not signals, for SIGKILL and SIGSTOP, and for the two signals that
/// the C library reserves.
[[nodiscard]] bool is_blockable(int number) noexcept;

[[nodiscard]] int signalfd(SignalBits signals) noexcept;
/// Fails with -EAGAIN if none is pending.
[[nodiscard]] int signalfd_read(int fd, signalfd_siginfo& out) noexcept;

/// Both change the mask of the calling thread. `before`: the signals that were blocked before.
[[nodiscard]] int block(SignalBits signals, SignalBits& before) noexcept;
void unblock(SignalBits signals) noexcept;

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE::sys
