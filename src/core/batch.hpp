// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include <sys/epoll.h>

#include <eventp/detail/slot.hpp>
#include <eventp/interest.hpp>

namespace eventp::detail {

/// The events of one turn, and where dispatch is among them.
///
///     begin            cursor                       end
///     | dispatched ... | still to be dispatched ... |
///
/// The cursor is stored before each call. So the event before it belongs to the running handler,
/// and when one throws what is left is the tail that the next turn begins with.
/// Invariant: begin <= cursor <= end.
class Batch {
public:
    struct Kept {
        std::uint32_t events;
        Slot* slot;
    };

    explicit Batch(std::size_t capacity)
        : events_{std::make_unique_for_overwrite<epoll_event[]>(front_room + capacity)},
          room_{capacity},
          capacity_{capacity} {}

    [[nodiscard]] bool has_tail() const noexcept { return cursor != end; }

    /// Room for one wait, behind what requeue() has kept. There is no tail.
    /// Throws std::bad_alloc; nothing changed.
    [[nodiscard]] epoll_event* room_for_wait() {
        epoll_event* room = events_.get() + front_room;
        if (!again_.empty()) [[unlikely]] {
            room = room_behind_kept();
        }
        begin = cursor = end = room;
        return room;
    }

    /// Begins a turn with the `reported` events that a wait has put there, and the kept ones.
    void begin_turn(std::size_t reported) noexcept {
        end = begin + reported;
        if (!again_.empty()) [[unlikely]] {
            take_kept();
        }
    }

    /// Puts one more event in front, once in a turn and before anything is dispatched.
    void put_first(Slot& slot, std::uint32_t events) noexcept {
        cursor = --begin;
        begin->events = events;
        begin->data.ptr = &slot;
    }

    /// All of it was dispatched: forget(), with the cursor already at the end.
    void end_turn() noexcept { begin = end; }

    /// Empties the batch; what is kept for the next turn stays.
    void forget() noexcept { begin = cursor = end; }

    /// The event of this turn for `slot`; null when it has none.
    [[nodiscard]] const epoll_event* event_of(const Slot& slot) const noexcept {
        const epoll_event* found = find(begin, slot);
        return found == end ? nullptr : found;
    }

    /// Takes from an event that is still to be dispatched what is not in `allowed`. One of which
    /// nothing is left goes to `nobody`.
    void narrow(const Slot& slot, std::uint32_t allowed, Slot& discard_slot) noexcept {
        epoll_event* event = find(cursor, slot);
        if (event != end) {
            event->events &= allowed;
            if (event->events == 0) {
                event->data.ptr = &discard_slot;
            }
        }
    }

    /// Takes the address of `slot` out of the whole turn: it will not be ours any more.
    void scrub(const Slot& slot, Slot& discard_slot) noexcept {
        for (epoll_event* event = begin; event != end; ++event) {
            if (event->data.ptr == &slot) {
                event->data.ptr = &discard_slot;
            }
        }
    }

    // --- again ---

    [[nodiscard]] bool has_kept() const noexcept { return !again_.empty(); }

    /// Throws std::bad_alloc; nothing changed.
    void keep(Slot& slot, std::uint32_t events) {
        again_.push_back({events, &slot});
        slot.again_pending = true;
    }
    void drop_kept(Slot& slot) noexcept {
        std::erase_if(again_, [&slot](const Kept& kept) { return kept.slot == &slot; });
        slot.again_pending = false;
    }
    // Open to dispatch, which moves the cursor once per event.
    // NOLINTBEGIN(*-non-private-member-variables-in-classes)
    epoll_event* begin = nullptr;
    epoll_event* cursor = nullptr;
    epoll_event* end = nullptr;
    // NOLINTEND(*-non-private-member-variables-in-classes)

private:
    static constexpr std::size_t front_room = 1;  // for put_first()

    [[nodiscard]] epoll_event* find(epoll_event* from, const Slot& slot) const noexcept {
        return std::find_if(from, end,
                            [&slot](const epoll_event& event) { return event.data.ptr == &slot; });
    }

    [[gnu::noinline]] epoll_event* room_behind_kept() {
        const std::size_t needed = again_.size() + capacity_;
        if (needed > room_) {
            events_ = std::make_unique_for_overwrite<epoll_event[]>(front_room + needed);
            room_ = needed;
        }
        return events_.get() + front_room + again_.size();
    }

    /// Puts the kept events in front of the reported ones.
    [[gnu::noinline]] void take_kept() noexcept {
        // What the kernel reports is the readiness of now, so it takes the place of what was kept.
        // But a fired one-shot is told nothing by the kernel: what that reports is the hang-up that
        // a rebuilt set does not know to be over.
        for (const epoll_event* event = begin; event != end; ++event) {
            Slot& slot = *static_cast<Slot*>(event->data.ptr);
            slot.again_pending = slot.again_pending && slot.variant == Variant::dropped;
        }
        for (std::size_t i = again_.size(); i-- > 0;) {
            Slot& slot = *again_[i].slot;
            const std::uint32_t events = again_[i].events & askable(slot);
            if (std::exchange(slot.again_pending, false) && events != 0) {
                put_kept(slot, events);
            }
        }
        again_.clear();
        cursor = begin;
    }

    void put_kept(Slot& slot, std::uint32_t events) noexcept {
        if (slot.variant == Variant::dropped) {
            set_variant(slot, Variant::oneshot);  // fired, and asked for once more
            if (epoll_event* reported = find(begin, slot); reported != end) {
                reported->events |= events;
                return;
            }
        }
        --begin;
        begin->events = events;
        begin->data.ptr = &slot;
    }

    /// What may be reported to a subscriber now.
    static std::uint32_t askable(const Slot& slot) noexcept {
        const Interest interest{slot.live.interest};
        return slot.presence == Presence::absent || interest.is_empty()
                   ? 0
                   : interest.bits() | EPOLLERR | EPOLLHUP;
    }

    std::unique_ptr<epoll_event[]> events_;
    std::size_t room_;
    std::size_t capacity_;
    std::vector<Kept> again_;
};

}  // namespace eventp::detail
