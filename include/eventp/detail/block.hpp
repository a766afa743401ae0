// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include <eventp/detail/slot.hpp>
#include <eventp/platform.hpp>

namespace eventp::inline EVENTP_ABI_NAMESPACE::detail {

/// The header of an object that shares one allocation with the slots that point to it.
///
///     allocation        Block (16 bytes)   object    slot 0                 slot 1
///     v                 v                  v         v                      v
///     +- - - - - - - - -+------------------+---------+-----------+----------+-----------+-----
///     | padding, when   | owners, holders, | T       | Slot (24) | address  | Slot (24) | ...
///     | align > 16      | alignment        |         |           | of T     |           |
///
/// Invariant: the object is alive while `owners` is not 0, and the memory is allocated while
/// `holders` is not 0. A slot is an owner until its value is destroyed, and a holder until its
/// memory is freed, which the quarantine may delay; the object itself is a holder.
/// Atomic, because slots that were moved to other reactors may be destroyed on other threads.
struct Block {
    std::atomic<std::uint32_t> owners;
    std::atomic<std::uint32_t> holders;
    std::uint32_t process;  // whose reinit_after_fork() has called after_fork() of the object
    std::uint8_t align_log2;
};
static_assert(sizeof(Block) == 16);

/// Memory for an object and `slots` slots after it, with one owner and one holder: the caller,
/// which constructs the object, and the object. Throws std::bad_alloc.
[[nodiscard]] EVENTP_API Block* allocate_block(std::size_t object_size, std::size_t object_align,
                                               std::size_t slots);
/// Makes one of the slots, which becomes a holder; its value is the address of the object.
[[nodiscard]] EVENTP_API Slot* make_slot_in(Block* block, std::size_t object_size,
                                            std::size_t index) noexcept;
/// Removes one holder, and frees the memory if it was the last one.
EVENTP_API void drop_memory_ref(Block* block) noexcept;

/// True once in each forked child.
[[nodiscard]] EVENTP_API bool first_after_fork(Block* block) noexcept;

[[nodiscard]] inline void* object_of(Block* block) noexcept {
    return reinterpret_cast<std::byte*>(block) + sizeof(Block);
}
[[nodiscard]] inline Block* block_of(void* object) noexcept {
    return reinterpret_cast<Block*>(static_cast<std::byte*>(object) - sizeof(Block));
}

/// The value of a slot that points to an object elsewhere. The pointer stays readable after the
/// subscriber was destroyed, until the memory is freed: free_slot() finds the block by it.
[[nodiscard]] inline void*& object_pointer_of(Slot* slot) noexcept {
    return *static_cast<void**>(value_of(slot));
}

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE::detail
