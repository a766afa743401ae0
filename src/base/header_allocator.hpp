// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <new>

#include "base/assert.hpp"

namespace eventp::inline EVENTP_ABI_NAMESPACE::detail {

/// Memory for a header and a value of any alignment that follows it immediately. Padding is placed
/// before the header, so that the distance between the two is the same for every type.
/// Invariant: every offset is a multiple of alignof(Header).
template <typename Header>
class HeaderAllocator {
public:
    /// Returns the address for the header. Throws std::bad_alloc.
    [[nodiscard]] static void* allocate(std::size_t value_size, std::size_t align) {
        EVENTP_ASSERT(offset(align) % alignof(Header) == 0);
        const std::size_t size = offset(align) + sizeof(Header) + value_size;
        void* memory = is_overaligned(align) ? ::operator new(size, std::align_val_t{align})
                                             : ::operator new(size);
        return static_cast<std::byte*>(memory) + offset(align);
    }

    static void free(void* header, std::size_t align) noexcept {
        void* memory = static_cast<std::byte*>(header) - offset(align);
        if (is_overaligned(align)) {
            ::operator delete(memory, std::align_val_t{align});
        } else {
            ::operator delete(memory);
        }
    }

private:
    static constexpr std::size_t offset(std::size_t align) noexcept {
        return align <= alignof(Header)
                   ? 0
                   : (sizeof(Header) + align - 1) / align * align - sizeof(Header);
    }
    static constexpr bool is_overaligned(std::size_t align) noexcept {
        return align > __STDCPP_DEFAULT_NEW_ALIGNMENT__;
    }
};

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE::detail
