// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>

#include <eventp/version.hpp>

namespace eventp::inline EVENTP_ABI_NAMESPACE::detail {

/// Returns numbers that no other allocator with the same counter returns, until the counter
/// overflows. Never 0.
///
/// An allocator takes the numbers from the counter in blocks, so that it seldom accesses it.
/// Thread safety:  like an int; the counter may be shared with other threads.
class IdAllocator {
public:
    explicit IdAllocator(std::atomic<std::uint32_t>& counter) noexcept : counter_{&counter} {}

    [[nodiscard]] std::uint32_t next() noexcept {
        if (++last_ % block == 0) {
            // The first number of each block is skipped, so that 0 is never returned.
            last_ = counter_->fetch_add(block, std::memory_order_relaxed) + 1;
        }
        return last_;
    }

private:
    static constexpr std::uint32_t block = 256;

    std::atomic<std::uint32_t>* counter_;
    std::uint32_t last_ = block - 1;
};

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE::detail
