// SPDX-License-Identifier: MIT
#include "signals/signal_claims.hpp"

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>

namespace eventp::inline EVENTP_ABI_NAMESPACE::detail {

using sys::SignalBits;

namespace {

/// For bit i, the process that has claimed it. Another number than that of this process means that
/// it is free: a forked child inherits the numbers of its parent.
// NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables): signals are the process's.
constinit std::array<std::atomic<ProcessNumber>, 64> claimants{};

constexpr ProcessNumber nobody = 0;

std::atomic<ProcessNumber>& claimant_of_lowest(SignalBits signals) noexcept {
    return claimants[static_cast<std::size_t>(std::countr_zero(signals))];
}
constexpr SignalBits without_lowest(SignalBits signals) noexcept {
    return signals & (signals - 1);
}

/// False if this process has claimed it.
bool claim_one(std::atomic<ProcessNumber>& claimant, ProcessNumber process) noexcept {
    ProcessNumber before = claimant.load(std::memory_order_relaxed);
    while (before != process) {
        if (claimant.compare_exchange_weak(before, process, std::memory_order_relaxed)) {
            return true;
        }
    }
    return false;
}

}  // namespace

bool SignalClaims::claim(SignalBits signals) noexcept {
    const ProcessNumber process = current_process();
    for (SignalBits rest = signals; rest != 0; rest = without_lowest(rest)) {
        if (!claim_one(claimant_of_lowest(rest), process)) {
            release(signals & ~rest);
            return false;
        }
    }
    return true;
}

void SignalClaims::release(SignalBits signals) noexcept {
    for (; signals != 0; signals = without_lowest(signals)) {
        claimant_of_lowest(signals).store(nobody, std::memory_order_relaxed);
    }
}

SignalBits SignalClaims::claimed(SignalBits signals) noexcept {
    const ProcessNumber process = current_process();
    SignalBits out = 0;
    for (; signals != 0; signals = without_lowest(signals)) {
        if (claimant_of_lowest(signals).load(std::memory_order_relaxed) == process) {
            out |= signals & ~without_lowest(signals);
        }
    }
    return out;
}

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE::detail
