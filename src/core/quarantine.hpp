// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <utility>

#include <eventp/detail/slot.hpp>

#include "base/assert.hpp"
#include "core/slot_state.hpp"

namespace eventp::inline EVENTP_ABI_NAMESPACE::detail {

/// The slots of destroyed subscribers. Decides when their memory is freed.
///
/// A batch may hold the address of a destroyed slot, so its memory stays until the turn ends. Then
/// settle() frees it, unless the kernel may still hold the address in an epoll entry that
/// EPOLL_CTL_DEL could not remove: then the slot is quarantined until the epoll instance has been
/// replaced. Events that the kernel reports for a quarantined slot are counted and dropped.
/// Thread safety:  thread-bound.
class Quarantine {
public:
    Quarantine() = default;
    Quarantine(const Quarantine&) = delete;
    Quarantine& operator=(const Quarantine&) = delete;
    ~Quarantine() {
        free_all(destroyed_);
        free_all(quarantined_);
    }

    /// Slots whose address the kernel may hold, those of the current turn included.
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

    /// Takes a slot whose value has been destroyed.
    void add(Slot& slot) noexcept {
        EVENTP_ASSERT_SLOT(!slot.is_requeued, slot);
        EVENTP_ASSERT_SLOT(may_become(slot.state, SlotState::destroyed), slot);
        slot.state = SlotState::destroyed;
        size_ += slot.kernel_may_hold ? 1 : 0;
        push(destroyed_, slot);
    }

    /// Between turns, when no batch holds an address: frees the destroyed slots, or quarantines
    /// them and makes `stale` their operations.
    void settle(const Operations& stale) noexcept {
        while (destroyed_ != nullptr) {
            Slot& slot = pop(destroyed_);
            EVENTP_ASSERT_SLOT(slot.state == SlotState::destroyed, slot);
            if (slot.kernel_may_hold) {
                slot.state = SlotState::quarantined;
                slot.operations = &stale;
                push(quarantined_, slot);
            } else {
                free_slot(&slot);
            }
        }
    }

    /// The epoll instance was replaced by one that knows none of these addresses.
    void release() noexcept {
        while (quarantined_ != nullptr) {
            Slot& slot = pop(quarantined_);
            EVENTP_ASSERT_SLOT(slot.state == SlotState::quarantined, slot);
            EVENTP_ASSERT(size_ > 0);
            free_slot(&slot);
            --size_;
        }
    }

private:
    static void push(Slot*& list, Slot& slot) noexcept { slot.next = std::exchange(list, &slot); }
    static Slot& pop(Slot*& list) noexcept { return *std::exchange(list, list->next); }
    static void free_all(Slot*& list) noexcept {
        while (list != nullptr) {
            free_slot(&pop(list));
        }
    }

    Slot* destroyed_ = nullptr;
    Slot* quarantined_ = nullptr;
    std::size_t size_ = 0;
};

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE::detail
