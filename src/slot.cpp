// SPDX-License-Identifier: MIT
#include <eventp/detail/slot.hpp>

#include <bit>
#include <memory>
#include <new>

namespace eventp::detail {

namespace {

/// How far into the allocation the header starts: so far that the value behind it is aligned.
constexpr std::size_t header_offset(std::size_t align) noexcept {
    return align <= alignof(Slot) ? 0 : (sizeof(Slot) + align - 1) / align * align - sizeof(Slot);
}

constexpr bool is_overaligned(std::size_t align) noexcept {
    return align > __STDCPP_DEFAULT_NEW_ALIGNMENT__;
}

}  // namespace

Slot* allocate_slot(std::size_t value_size, std::size_t value_align) {
    const std::size_t size = header_offset(value_align) + sizeof(Slot) + value_size;
    void* memory = is_overaligned(value_align) ? ::operator new(size, std::align_val_t{value_align})
                                               : ::operator new(size);
    void* header = static_cast<std::byte*>(memory) + header_offset(value_align);
    return std::construct_at(static_cast<Slot*>(header),
                             Slot{.operations = nullptr,
                                  .live = {},
                                  .fd = -1,
                                  .align_log2 = static_cast<std::uint8_t>(
                                      std::countr_zero(value_align)),
                                  .variant = Variant::plain,
                                  .presence = Presence::absent,
                                  .again_pending = false});
}

void free_slot(Slot* slot) noexcept {
    const std::size_t align = std::size_t{1} << slot->align_log2;
    void* memory = reinterpret_cast<std::byte*>(slot) - header_offset(align);
    if (is_overaligned(align)) {
        ::operator delete(memory, std::align_val_t{align});
    } else {
        ::operator delete(memory);
    }
}

void fire_once(Slot* slot, std::uint32_t events, ReactorOps* reactor) {
    set_variant(*slot, Variant::dropped);
    constexpr int plain_from_dropped =
        static_cast<int>(Variant::plain) - static_cast<int>(Variant::dropped);
    slot->operations[plain_from_dropped].call(slot, events, reactor);
}

}  // namespace eventp::detail
