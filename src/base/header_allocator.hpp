// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <new>

#include <eventp/version.hpp>

namespace eventp::inline EVENTP_ABI_NAMESPACE::detail {

/// Memory for a header and, right behind it, a value of any alignment: what padding is needed goes
/// in front of the header, so that the distance between the two is the same for every type.
/// Invariant: every offset is a multiple of alignof(Header).
template <typename Header>
class HeaderAllocator {
public:
    /// Where the header goes. Throws std::bad_alloc.
    [[nodiscard]] static void* allocate(std::size_t size_behind, std::size_t align) {
        const std::size_t size = offset(align) + sizeof(Header) + size_behind;
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
