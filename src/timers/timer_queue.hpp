// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <eventp/version.hpp>

namespace eventp::inline EVENTP_ABI_NAMESPACE::detail {

/// Timers by deadline, and by a sequence number if the deadlines are equal: a four-ary heap, and an
/// unsorted array of timers that are not in it yet.
///
/// Most timers are timeouts of something that happens in time: they are armed and cancelled before
/// the next timer expires. So insert() only appends to the array, and merge_unsorted() moves the
/// array into the heap when the first timer is needed. The index of each timer is stored, so that
/// erase() need not search. docs/internals/decisions/0003-timer-structure.md has the alternatives.
/// A timer is a number below the count given to reserve(); each is in the queue at most once.
/// Thread safety:  like a std::vector.
class TimerQueue {
public:
    struct Entry {
        constexpr Entry() noexcept = default;
        constexpr Entry(std::int64_t at, std::uint32_t sequence, std::uint32_t timer) noexcept
            : deadline{at}, sequence_and_timer{(std::uint64_t{sequence} << 32U) | timer} {}

        [[nodiscard]] constexpr std::uint32_t timer() const noexcept {
            return static_cast<std::uint32_t>(sequence_and_timer);
        }
        /// Sequence numbers wrap around: the order is right if they are less than 2^31 apart.
        [[nodiscard]] constexpr bool is_before(const Entry& other) const noexcept {
            const bool is_earlier = deadline < other.deadline;
            const bool is_equal = deadline == other.deadline;
            const auto distance =
                static_cast<std::int64_t>(sequence_and_timer - other.sequence_and_timer);
            // Bitwise, so that no branch is compiled: it could not be predicted.
            // NOLINTNEXTLINE(readability-implicit-bool-conversion): see above.
            return is_earlier | (is_equal & (distance < 0));
        }

        std::int64_t deadline = 0;
        // One word, because an entry is copied word by word: a load of two halves that were just
        // stored separately waits for both stores to reach the cache.
        std::uint64_t sequence_and_timer = 0;
    };

    static constexpr std::size_t timers_max = std::size_t{1} << 31U;
    static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

    /// Allocates for timers below that number, so that no other function allocates.
    /// Throws std::bad_alloc; nothing changed.
    void reserve(std::size_t timers) {
        if (timers > heap_.capacity()) {
            const std::size_t capacity = std::max(timers, 2 * heap_.capacity());
            places_.reserve(capacity);
            unsorted_.resize(capacity);
            heap_.reserve(capacity);
        }
        places_.resize(std::max(timers, places_.size()), absent);
    }

    [[nodiscard]] std::size_t size() const noexcept { return heap_.size() + unsorted_count_; }
    [[nodiscard]] bool contains(std::uint32_t timer) const noexcept {
        return places_[timer] != absent;
    }

    /// Of timers with equal deadlines those with the lower sequence number come first.
    void insert(std::uint32_t timer, std::int64_t deadline, std::uint32_t sequence) noexcept {
        places_[timer] = unsorted_count_ | unsorted_bit;
        unsorted_[unsorted_count_++] = {deadline, sequence, timer};
        unsorted_min_ = std::min(unsorted_min_, deadline);
    }

    /// Returns false if the timer is not in the queue.
    bool erase(std::uint32_t timer) noexcept {
        const std::uint32_t place = places_[timer];
        if ((place & unsorted_bit) == 0) {
            erase_from_heap(timer, place);
            return true;
        }
        if (place == absent) {
            return false;
        }
        const std::uint32_t at = place & ~unsorted_bit;
        if (at != --unsorted_count_) {
            const Entry last = unsorted_[unsorted_count_];
            unsorted_[at] = last;
            places_[last.timer()] = place;
        }
        places_[timer] = absent;
        return true;
    }

    /// True if the timer is in the heap with a deadline before `deadline`: it will be the front of
    /// the heap by then.
    [[nodiscard]] bool surfaces_before(std::uint32_t timer, std::int64_t deadline) const noexcept {
        const std::uint32_t place = places_[timer];
        return (place & unsorted_bit) == 0 && heap_[place].deadline < deadline;
    }

    /// Moves all unsorted timers into the heap.
    void merge_unsorted() noexcept {
        const std::span<const Entry> unsorted{unsorted_.data(), unsorted_count_};
        unsorted_count_ = 0;
        unsorted_min_ = never;
        if (unsorted.size() > heap_.size()) {
            for (const Entry& entry : unsorted) {
                places_[entry.timer()] = static_cast<std::uint32_t>(heap_.size());
                heap_.push_back(entry);
            }
            for (std::size_t at = heap_.size() / arity + 1; at-- > 0;) {
                sift_down(static_cast<std::uint32_t>(at), heap_[at]);
            }
        } else {
            for (const Entry& entry : unsorted) {
                heap_.push_back(entry);
                sift_up(static_cast<std::uint32_t>(heap_.size() - 1), entry);
            }
        }
    }

    /// The first timer of the heap; null if the heap is empty. Ignores unsorted timers.
    [[nodiscard]] const Entry* front() const noexcept {
        return heap_.empty() ? nullptr : heap_.data();
    }
    /// Replaces the deadline of the front by one that is not earlier, and its sequence number.
    void postpone_front(std::int64_t deadline, std::uint32_t sequence) noexcept {
        sift_down(0, {deadline, sequence, heap_.front().timer()});
    }

    /// No deadline in the queue is before this. It may be that of an unsorted timer that was
    /// erased.
    [[nodiscard]] std::int64_t earliest() const noexcept {
        return heap_.empty() ? unsorted_min_ : std::min(unsorted_min_, heap_.front().deadline);
    }

private:
    static constexpr std::uint32_t arity = 4;
    // A place is an index into heap_, or with this bit one into unsorted_.
    static constexpr std::uint32_t unsorted_bit = std::uint32_t{1} << 31U;
    static constexpr std::uint32_t absent = std::numeric_limits<std::uint32_t>::max();

    void put(std::uint32_t place, Entry entry) noexcept {
        heap_[place] = entry;
        places_[entry.timer()] = place;
    }

    // Not inline, so that erase() is small enough to be inlined.
    [[gnu::noinline]] void erase_from_heap(std::uint32_t timer, std::uint32_t place) noexcept {
        places_[timer] = absent;
        const Entry last = heap_.back();
        heap_.pop_back();
        if (place < heap_.size()) {
            replace_at(place, last);
        }
    }

    void replace_at(std::uint32_t place, Entry entry) noexcept {
        if (place > 0 && entry.is_before(heap_[(place - 1) / arity])) {
            sift_up(place, entry);
        } else {
            sift_down(place, entry);
        }
    }

    void sift_up(std::uint32_t place, Entry entry) noexcept {
        while (place > 0) {
            const std::uint32_t parent = (place - 1) / arity;
            if (!entry.is_before(heap_[parent])) {
                break;
            }
            put(place, heap_[parent]);
            place = parent;
        }
        put(place, entry);
    }

    void sift_down(std::uint32_t place, Entry entry) noexcept {
        const std::size_t size = heap_.size();
        for (;;) {
            const std::size_t first = std::size_t{place} * arity + 1;
            if (first >= size) {
                break;
            }
            const std::size_t end = std::min(first + arity, size);
            std::size_t least = first;
            for (std::size_t child = first + 1; child < end; ++child) {
                least = heap_[child].is_before(heap_[least]) ? child : least;
            }
            if (!heap_[least].is_before(entry)) {
                break;
            }
            put(place, heap_[least]);
            place = static_cast<std::uint32_t>(least);
        }
        put(place, entry);
    }

    std::vector<Entry> heap_;
    std::vector<Entry> unsorted_;  // the first unsorted_count_ are in use, in any order
    std::vector<std::uint32_t> places_;
    std::int64_t unsorted_min_ = never;  // no unsorted deadline is before this
    std::uint32_t unsorted_count_ = 0;
};

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE::detail
