// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <utility>

#include <eventp/detail/slot.hpp>

#include "core/registry.hpp"

namespace eventp::detail {

/// Removed slots, and the one place that says when their memory may be given back.
///
/// A removed slot is *buried*: its value is gone, its memory stays while a batch may hold its
/// address. Between turns it is *settled*: given back, or, when the kernel may still hold its
/// address, quarantined until the set is rebuilt. A backend that keeps requests in flight would
/// add its count to that question, here.
/// Thread safety:  thread-bound.
class Quarantine {
public:
    Quarantine() = default;
    Quarantine(const Quarantine&) = delete;
    Quarantine& operator=(const Quarantine&) = delete;
    ~Quarantine() {
        free_all(buried_);
        free_all(held_);
    }

    /// Slots in quarantine, those of the running turn included.
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool is_empty() const noexcept {
        if (buried_ != nullptr || held_ != nullptr) [[unlikely]] {
            return false;
        }
        return true;
    }

    void bury(Slot& slot) noexcept {
        size_ += slot.presence == Presence::absent ? 0 : 1;
        push(buried_, slot);
    }

    /// Between turns: no batch holds an address. Slots that go into quarantine answer events with
    /// `ghost` from now on.
    void settle(const Operations& ghost) noexcept {
        while (buried_ != nullptr) {
            Slot& slot = pop(buried_);
            if (slot.presence == Presence::absent) {
                free_slot(&slot);
            } else {
                slot.operations = &ghost;
                push(held_, slot);
            }
        }
    }

    /// The kernel's set was replaced by one that knows none of these addresses.
    void release(Registry& registry) noexcept {
        while (held_ != nullptr) {
            Slot& slot = pop(held_);
            registry.clear_stale(slot.fd);
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

    Slot* buried_ = nullptr;
    Slot* held_ = nullptr;
    std::size_t size_ = 0;
};

}  // namespace eventp::detail
