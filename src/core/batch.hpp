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

#include "base/assert.hpp"
#include "core/slot_state.hpp"

namespace eventp::inline EVENTP_ABI_NAMESPACE::detail {

/// The events of one turn, and the position of dispatch among them.
///
///     begin            cursor                       end
///     | dispatched ... | still to be dispatched ... |
///
/// The cursor is stored before each call. So the event in front of it belongs to the running
/// handler, and if that throws, the rest is dispatched by the next turn.
/// Also holds the events that requeue() has queued for the next turn.
/// Invariant: begin <= cursor <= end; a slot is in the batch at most once, unless the user has
/// duplicated the file of a removed subscriber back onto a registered descriptor.
class Batch {
public:
    explicit Batch(std::size_t capacity)
        : events_{std::make_unique_for_overwrite<epoll_event[]>(front_room + capacity)},
          room_for_wait_{events_.get() + front_room},
          size_{capacity},
          capacity_{capacity} {
        reset();
    }

    /// A handler threw, and events of its turn are still to be dispatched.
    [[nodiscard]] bool has_rest() const noexcept { return cursor != end; }

    /// Where a wait may store `capacity` events, if nothing is queued.
    [[nodiscard]] epoll_event* room() const noexcept { return room_for_wait_; }
    /// Begins a turn with the `reported` events that a wait has stored in room().
    void begin_turn(std::size_t reported) noexcept {
        EVENTP_ASSERT(!has_rest() && reported <= capacity_ && begin == room());
        cursor = begin;
        end = begin + reported;
    }
    /// The same after a wait that has stored them in `at`; reset() is due before the next turn.
    void begin_turn_at(epoll_event* at, std::size_t reported) noexcept {
        EVENTP_ASSERT(!has_rest() && reported <= capacity_);
        begin = cursor = at;
        end = at + reported;
    }
    /// Empties the batch; what is queued for the next turn stays.
    void reset() noexcept { begin = cursor = end = room(); }
    /// Adds one more event in front, before the first one is dispatched, at most once in a turn.
    void prepend(Slot& slot, std::uint32_t events) noexcept {
        EVENTP_ASSERT(cursor == begin);
        cursor = --begin;
        begin->events = events;
        begin->data.ptr = &slot;
    }
    /// Removes the conditions that are not in `allowed` from pending events of `slot`. An event
    /// with none left goes to `discard`.
    void mask_pending(const Slot& slot, std::uint32_t allowed, Slot& discard) noexcept {
        EVENTP_ASSERT(begin <= cursor && cursor <= end);
        for (epoll_event* event = cursor; event != end; ++event) {
            if (event->data.ptr == &slot) {
                event->events &= allowed;
                if (event->events == 0) {
                    event->data.ptr = &discard;
                }
            }
        }
    }
    /// Removes the address of `slot` from the batch.
    void discard_events_of(const Slot& slot, Slot& discard) noexcept {
        for (epoll_event* event = begin; event != end; ++event) {
            if (event->data.ptr == &slot) {
                event->data.ptr = &discard;
            }
        }
    }

    /// The event of this turn for `slot`; null if it has none. The running one's is found at once.
    [[nodiscard]] const epoll_event* event_of(const Slot& slot) const noexcept {
        if (cursor != begin && cursor[-1].data.ptr == &slot) {
            return cursor - 1;
        }
        const epoll_event* found = std::find_if(
            begin, end, [&slot](const epoll_event& event) { return event.data.ptr == &slot; });
        return found == end ? nullptr : found;
    }

    // --- requeue() ---

    [[nodiscard]] bool has_requeued() const noexcept { return !requeued_.empty(); }

    /// `events` are replaced by what the kernel reports in the next turn, `fed` are added to it.
    /// Throws std::bad_alloc; nothing changed.
    void requeue(Slot& slot, std::uint32_t events, std::uint32_t fed = 0) {
        EVENTP_ASSERT_SLOT(is_registered(slot.state), slot);
        if (slot.is_requeued) {
            Requeued& before = *find_requeued(slot);
            before.events |= events;
            before.fed |= fed;
        } else {
            requeued_.push_back({.slot = &slot, .events = events, .fed = fed});
            slot.is_requeued = true;
        }
    }
    void cancel_requeued(Slot& slot) noexcept {
        if (slot.is_requeued) {
            requeued_.erase(find_requeued(slot));
            slot.is_requeued = false;
        }
    }
    void cancel_all_requeued() noexcept {
        for (const Requeued& requeued : requeued_) {
            requeued.slot->is_requeued = false;
        }
        requeued_.clear();
    }

    /// Where a wait may store `capacity` events if there are requeued ones: after them.
    /// Throws std::bad_alloc; nothing changed.
    [[nodiscard]] epoll_event* room_after_requeued() {
        const std::size_t needed = requeued_.size() + capacity_;
        if (needed > size_) {
            events_ = std::make_unique_for_overwrite<epoll_event[]>(front_room + needed);
            size_ = needed;
            room_for_wait_ = events_.get() + front_room;
            reset();
        }
        return room() + requeued_.size();
    }

    /// Prepends the requeued events to the reported ones of a turn that begins. An event that the
    /// kernel reports now replaces a requeued one: it has the current readiness.
    void prepend_requeued() noexcept {
        EVENTP_ASSERT(cursor == begin && begin == room() + requeued_.size());
        for (const epoll_event* event = begin; event != end; ++event) {
            Slot& slot = *static_cast<Slot*>(event->data.ptr);
            // The kernel does not report a fired one-shot subscriber, except a hang-up once more
            // after the epoll instance was replaced. That does not replace the requeued event.
            slot.is_requeued = slot.is_requeued && slot.state == SlotState::fired;
        }
        for (std::size_t i = requeued_.size(); i-- > 0;) {
            Slot& slot = *requeued_[i].slot;
            const Interest interest{slot.live.interest};
            const std::uint32_t allowed = interest.bits() | EPOLLERR | EPOLLHUP;
            const std::uint32_t fed = requeued_[i].fed & allowed;
            const std::uint32_t events = (requeued_[i].events & allowed) | fed;
            const bool is_reported = !slot.is_requeued;
            const bool is_called = !is_reported && slot.state != SlotState::unwatched;
            slot.is_requeued = false;
            if (is_reported && fed != 0) {
                std::find_if(room() + requeued_.size(), end, [&slot](const epoll_event& event) {
                    return event.data.ptr == &slot;
                })->events |= fed;
            } else if (is_called && events != 0) {
                if (slot.state == SlotState::fired) {
                    set_state(slot, SlotState::watched, interest);
                }
                prepend(slot, events);
            }
        }
        requeued_.clear();
    }

    // Public for dispatch, which moves the cursor once for each event.
    // NOLINTBEGIN(*-non-private-member-variables-in-classes)
    epoll_event* begin = nullptr;
    epoll_event* cursor = nullptr;
    epoll_event* end = nullptr;
    // NOLINTEND(*-non-private-member-variables-in-classes)

private:
    struct Requeued {
        Slot* slot;
        std::uint32_t events;
        std::uint32_t fed;
    };
    std::vector<Requeued>::iterator find_requeued(const Slot& slot) noexcept {
        // The last ones are the likeliest: a handler that requeues itself is then removed.
        // std::ranges::find() would cost each remove() three instructions.
        const auto found =
            // NOLINTNEXTLINE(modernize-use-ranges): see above.
            std::find_if(requeued_.rbegin(), requeued_.rend(),
                         [&slot](const Requeued& requeued) { return requeued.slot == &slot; });
        EVENTP_ASSERT_SLOT(found != requeued_.rend(), slot);
        return std::next(found).base();
    }
    static constexpr std::size_t front_room = 1;  // for prepend()

    std::unique_ptr<epoll_event[]> events_;
    epoll_event* room_for_wait_;
    std::size_t size_;
    std::size_t capacity_;
    std::vector<Requeued> requeued_;
};

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE::detail
