// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include <sys/mman.h>

namespace virtio {

/// Memory that a guest and its devices share. Addresses are offsets in it. They come from the
/// guest, which is not trusted: at() returns null for a range that is not inside the memory.
class Memory {
public:
    explicit Memory(std::size_t size)
        : begin_{::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)},
          size_{begin_ == MAP_FAILED ? 0 : size} {}
    Memory(const Memory&) = delete;
    Memory& operator=(const Memory&) = delete;
    ~Memory() {
        if (size_ != 0) {
            ::munmap(begin_, size_);
        }
    }

    [[nodiscard]] std::size_t size() const noexcept { return size_; }

    [[nodiscard]] std::byte* at(std::uint64_t address, std::size_t length) const noexcept {
        if (length > size_ || address > size_ - length) {
            return nullptr;
        }
        return static_cast<std::byte*>(begin_) + address;
    }

private:
    void* begin_;
    std::size_t size_;
};

}  // namespace virtio
