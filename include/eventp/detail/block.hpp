// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include <eventp/detail/slot.hpp>
#include <eventp/platform.hpp>

namespace eventp::inline EVENTP_ABI_NAMESPACE::detail {

/// In front of an object that shares one allocation with the slots that lead to it.
///
///     allocation        Block (16 bytes)   object    slot 0                 slot 1
///     v                 v                  v         v                      v
///     +- - - - - - - - -+------------------+---------+-----------+----------+-----------+-----
///     | padding, when   | owners, holders, | T       | Slot (24) | address  | Slot (24) | ...
///     | align > 16      | alignment        |         |           | of T     |           |
///
/// Invariant: the object is live while `owners` is not 0, the memory is there while `holders` is
/// not. A slot is an owner as long as its value, and a holder as long as its memory, which the
/// quarantine may keep for much longer; the object itself is a holder.
/// Atomic: slots that were taken to other reactors may end on other threads.
struct Block {
    std::atomic<std::uint32_t> owners;
    std::atomic<std::uint32_t> holders;
    std::uint32_t process;  // whose reinit_after_fork() has called after_fork() of the object
    std::uint8_t align_log2;
};
static_assert(sizeof(Block) == 16);

/// Memory for an object and `slots` slots behind it, with one owner and one holder: the caller,
/// who makes the object, and the object. Throws std::bad_alloc.
[[nodiscard]] EVENTP_API Block* allocate_block(std::size_t object_size, std::size_t object_align,
                                               std::size_t slots);
/// Makes one of the slots, which becomes a holder and has the address of the object as its value.
[[nodiscard]] EVENTP_API Slot* make_slot_in(Block* block, std::size_t object_size,
                                            std::size_t index) noexcept;
/// Frees the memory with its last holder.
EVENTP_API void drop_memory_ref(Block* block) noexcept;

/// True once in each forked child.
[[nodiscard]] EVENTP_API bool first_after_fork(Block* block) noexcept;

[[nodiscard]] inline void* object_of(Block* block) noexcept {
    return reinterpret_cast<std::byte*>(block) + sizeof(Block);
}
[[nodiscard]] inline Block* block_of(void* object) noexcept {
    return reinterpret_cast<Block*>(static_cast<std::byte*>(object) - sizeof(Block));
}

/// The value of a slot that leads to an object somewhere else. It is trivial, and nothing ends its
/// life but the memory's end: free_slot() still asks it for the block.
[[nodiscard]] inline void*& object_pointer_of(Slot* slot) noexcept {
    return *static_cast<void**>(value_of(slot));
}

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE::detail
