// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>

namespace echo {

/// What was read and not yet sent: a ring of bytes that does not grow, so that a peer which does
/// not read costs no more than its capacity.
class SendBuffer {
public:
    static constexpr std::size_t capacity = std::size_t{64} * 1024;

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool is_empty() const noexcept { return size_ == 0; }
    [[nodiscard]] bool is_full() const noexcept { return size_ == capacity; }

    /// Free bytes in one piece, at most `limit`; empty only when full or `limit` is 0.
    [[nodiscard]] std::span<std::byte> room(std::size_t limit) noexcept {
        const std::size_t begin = (begin_ + size_) % capacity;
        const std::size_t end = begin < begin_ ? begin_ : capacity;
        const std::size_t free_bytes = is_full() ? 0 : end - begin;
        return {bytes_.get() + begin, std::min(free_bytes, limit)};
    }
    /// The first `count` bytes of room() are data now.
    void filled(std::size_t count) noexcept { size_ += count; }

    /// The oldest data in one piece; empty only when there is none.
    [[nodiscard]] std::span<const std::byte> data() const noexcept {
        return {bytes_.get() + begin_, std::min(size_, capacity - begin_)};
    }
    /// The first `count` bytes of data() are sent.
    void sent(std::size_t count) noexcept {
        size_ -= count;
        // Small messages use the same few cache lines again and again.
        begin_ = size_ == 0 ? 0 : (begin_ + count) % capacity;
    }

private:
    std::unique_ptr<std::byte[]> bytes_ = std::make_unique_for_overwrite<std::byte[]>(capacity);
    std::size_t begin_ = 0;
    std::size_t size_ = 0;
};

}  // namespace echo
