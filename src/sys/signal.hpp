// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

struct signalfd_siginfo;

/// The system calls that know signals. Results as in syscall.hpp.
namespace eventp::sys {

/// A set of signals: number n is bit n - 1.
using SignalBits = std::uint64_t;

[[nodiscard]] constexpr SignalBits signal_bit(int number) noexcept {
    return SignalBits{1} << static_cast<unsigned>(number - 1);
}

/// False for numbers that name no signal, for SIGKILL and SIGSTOP, and for the two that the C
/// library keeps for itself.
[[nodiscard]] bool is_blockable(int number) noexcept;

[[nodiscard]] int signalfd(SignalBits signals) noexcept;
/// -EAGAIN when none is pending.
[[nodiscard]] int signalfd_read(int fd, signalfd_siginfo& out) noexcept;

/// Changes the mask of the calling thread; gives what was blocked before.
SignalBits block(SignalBits signals) noexcept;
void unblock(SignalBits signals) noexcept;

}  // namespace eventp::sys
