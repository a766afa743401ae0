// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>

namespace echo {

/// The bytes that were read and not yet sent. A ring of constant capacity, so that a peer that does
/// not read cannot exhaust the memory.
class SendBuffer {
public:
    static constexpr std::size_t capacity = std::size_t{64} * 1024;

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool is_empty() const noexcept { return size_ == 0; }
    [[nodiscard]] bool is_full() const noexcept { return size_ == capacity; }

    /// Contiguous free bytes, at most `limit`; empty only if the ring is full or `limit` is 0.
    [[nodiscard]] std::span<std::byte> room(std::size_t limit) noexcept {
        const std::size_t begin = (begin_ + size_) % capacity;
        const std::size_t end = begin < begin_ ? begin_ : capacity;
        const std::size_t free_bytes = is_full() ? 0 : end - begin;
        return {bytes_.get() + begin, std::min(free_bytes, limit)};
    }
    /// Appends the first `count` bytes of room() to the data.
    void filled(std::size_t count) noexcept { size_ += count; }

    /// The oldest data, contiguous; empty only if there is none.
    [[nodiscard]] std::span<const std::byte> data() const noexcept {
        return {bytes_.get() + begin_, std::min(size_, capacity - begin_)};
    }
    /// Removes the first `count` bytes of data(), which were sent.
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
