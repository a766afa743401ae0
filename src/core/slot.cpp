// SPDX-License-Identifier: MIT
#include <eventp/detail/slot.hpp>

#include <bit>
#include <memory>
#include <new>
#include <utility>

#include <eventp/detail/block.hpp>

#include "base/fork_guard.hpp"
#include "base/header_allocator.hpp"
#include "core/slot_state.hpp"

namespace eventp::inline EVENTP_ABI_NAMESPACE::detail {

namespace {

// Member by member: GCC clears the padding of a whole Slot with a string instruction.
Slot* make_slot(void* where, std::uint8_t align_log2) noexcept {
    Slot* slot = ::new (where) Slot;
    slot->operations = nullptr;
    slot->live = {};
    slot->fd = -1;
    slot->align_log2 = align_log2;
    slot->mode = DispatchMode::call;
    slot->state = SlotState::unregistered;
    slot->is_requeued = false;
    slot->is_unwatchable = false;
    slot->kernel_may_hold = false;
    return slot;
}

}  // namespace

Slot* allocate_slot(std::size_t value_size, std::size_t value_align) {
    // NOLINTNEXTLINE(clang-analyzer-cplusplus.NewDeleteLeaks): free_slot() finds it by the header.
    return make_slot(HeaderAllocator<Slot>::allocate(value_size, value_align),
                     static_cast<std::uint8_t>(std::countr_zero(value_align)));
}

void free_slot(Slot* slot) noexcept {
    if (slot->align_log2 == in_block) {
        drop_memory_ref(block_of(object_pointer_of(slot)));
    } else {
        HeaderAllocator<Slot>::free(slot, std::size_t{1} << slot->align_log2);
    }
}

void fire_once(Slot* slot, std::uint32_t events, ReactorOps* reactor) {
    EVENTP_ASSERT_SLOT(slot->state == SlotState::watched, *slot);
    set_state(*slot, SlotState::fired, Interest{slot->live.interest});
    constexpr int call_from_drop =
        static_cast<int>(DispatchMode::call) - static_cast<int>(DispatchMode::drop);
    slot->operations[call_from_drop].call(slot, events, reactor);
}

// --- several slots in one block ---

namespace {

constexpr std::size_t slot_size = sizeof(Slot) + sizeof(void*);

constexpr std::size_t slots_begin(std::size_t object_size) noexcept {
    return (object_size + alignof(Slot) - 1) / alignof(Slot) * alignof(Slot);
}

}  // namespace

Block* allocate_block(std::size_t object_size, std::size_t object_align, std::size_t slots) {
    void* where = HeaderAllocator<Block>::allocate(slots_begin(object_size) + slots * slot_size,
                                                   object_align);
    const auto align_log2 = static_cast<std::uint8_t>(std::countr_zero(object_align));
    return ::new (where) Block{.owners = 1, .holders = 1, .process = 0, .align_log2 = align_log2};
}

Slot* make_slot_in(Block* block, std::size_t object_size, std::size_t index) noexcept {
    // Safety: allocate_block() allocated memory for it.
    auto* object = static_cast<std::byte*>(object_of(block));
    Slot* slot = make_slot(object + slots_begin(object_size) + index * slot_size, in_block);
    ::new (value_of(slot)) void* {object};
    block->holders.fetch_add(1, std::memory_order_relaxed);
    return slot;
}

void drop_memory_ref(Block* block) noexcept {
    EVENTP_ASSERT(block->holders.load(std::memory_order_relaxed) > 0);
    if (block->holders.fetch_sub(1, std::memory_order_acq_rel) == 1) {
        HeaderAllocator<Block>::free(block, std::size_t{1} << block->align_log2);
    }
}

bool first_after_fork(Block* block) noexcept {
    const ProcessNumber here = current_process();
    return std::exchange(block->process, here) != here;
}

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE::detail
