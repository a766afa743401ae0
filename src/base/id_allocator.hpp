// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>

#include <eventp/version.hpp>

namespace eventp::inline EVENTP_ABI_NAMESPACE::detail {

/// Numbers that nobody else who shares the counter gives out, until it comes round. Never 0.
///
/// They come in blocks, so that the counter is seldom touched.
/// Thread safety:  like an int; the counter may be shared with other threads.
class IdAllocator {
public:
    explicit IdAllocator(std::atomic<std::uint32_t>& counter) noexcept : counter_{&counter} {}

    [[nodiscard]] std::uint32_t next() noexcept {
        if (++last_ % block == 0) {
            // The first of a block is left out, so that it is never 0.
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
