// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace eventp::detail {

/// Timers by deadline: a heap, and in front of it the newcomers in no order.
///
/// Most timers are deadlines of something that comes in time: they are armed and cancelled before
/// the next one expires. So a newcomer is only appended, and gets its place in the heap when
/// somebody asks what comes first. docs/decisions/0003-timer-structure.md says what else was tried.
/// The heap has four children per node and knows the place of each timer, for erase().
/// Timers are numbers below the count that reserve() was given; each is in here at most once.
/// Thread safety:  like a std::vector.
class TimerQueue {
public:
    struct Entry {
        std::int64_t deadline;
        // Wide, so that there is no padding: a copy of an entry that was just written would read
        // the padding too, and wait for the whole to reach the cache.
        std::uint64_t timer;
    };

    static constexpr std::size_t timers_max = std::size_t{1} << 31U;
    static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

    /// Afterwards it takes timers below that number without allocating. Throws std::bad_alloc.
    void reserve(std::size_t timers) {
        if (timers > settled_.capacity()) {
            const std::size_t room = std::max(timers, 2 * settled_.capacity());
            places_.reserve(room);
            newcomers_.resize(room);
            settled_.reserve(room);
        }
        places_.resize(std::max(timers, places_.size()), nowhere);
    }

    [[nodiscard]] std::size_t size() const noexcept { return settled_.size() + newcomer_count_; }
    [[nodiscard]] bool contains(std::uint32_t timer) const noexcept {
        return places_[timer] != nowhere;
    }

    void insert(std::uint32_t timer, std::int64_t deadline) noexcept {
        places_[timer] = newcomer_count_ | newcomer;
        newcomers_[newcomer_count_++] = {deadline, timer};
        newest_earliest_ = std::min(newest_earliest_, deadline);
    }

    /// False when it is not in here.
    bool erase(std::uint32_t timer) noexcept {
        const std::uint32_t place = places_[timer];
        if ((place & newcomer) == 0) {
            erase_settled(timer, place);
            return true;
        }
        if (place == nowhere) {
            return false;
        }
        const std::uint32_t at = place & ~newcomer;
        if (at != --newcomer_count_) {
            const Entry last = newcomers_[newcomer_count_];
            newcomers_[at] = last;
            places_[last.timer] = place;
        }
        places_[timer] = nowhere;
        return true;
    }

    /// It has a place in the heap, under a deadline that is not after `deadline`: who asks for the
    /// front will come across it early enough.
    [[nodiscard]] bool comes_up_by(std::uint32_t timer, std::int64_t deadline) const noexcept {
        const std::uint32_t place = places_[timer];
        return (place & newcomer) == 0 && settled_[place].deadline <= deadline;
    }

    /// Gives every newcomer its place.
    void settle() noexcept {
        const std::span<const Entry> coming{newcomers_.data(), newcomer_count_};
        newcomer_count_ = 0;
        newest_earliest_ = never;
        if (coming.size() > settled_.size()) {
            for (const Entry& entry : coming) {
                places_[entry.timer] = static_cast<std::uint32_t>(settled_.size());
                settled_.push_back(entry);
            }
            for (std::size_t at = settled_.size() / arity + 1; at-- > 0;) {
                sift_down(static_cast<std::uint32_t>(at), settled_[at]);
            }
        } else {
            for (const Entry& entry : coming) {
                settled_.push_back(entry);
                sift_up(static_cast<std::uint32_t>(settled_.size() - 1), entry);
            }
        }
    }

    /// The first of the settled; null when there is none.
    [[nodiscard]] const Entry* front() const noexcept {
        return settled_.empty() ? nullptr : settled_.data();
    }
    /// Gives the front another deadline, which is not earlier.
    void postpone_front(std::int64_t deadline) noexcept {
        sift_down(0, {deadline, settled_.front().timer});
    }

    /// Nobody's deadline is before this. It may belong to a newcomer that has been erased.
    [[nodiscard]] std::int64_t earliest() const noexcept {
        return settled_.empty() ? newest_earliest_
                                : std::min(newest_earliest_, settled_.front().deadline);
    }

private:
    static constexpr std::uint32_t arity = 4;
    // A place is an index into settled_, or one into newcomers_ with this bit.
    static constexpr std::uint32_t newcomer = std::uint32_t{1} << 31U;
    static constexpr std::uint32_t nowhere = std::numeric_limits<std::uint32_t>::max();

    void put(std::uint32_t place, Entry entry) noexcept {
        settled_[place] = entry;
        places_[entry.timer] = place;
    }

    // Kept out of erase(), which is small enough to be inlined without it.
    [[gnu::noinline]] void erase_settled(std::uint32_t timer, std::uint32_t place) noexcept {
        places_[timer] = nowhere;
        const Entry last = settled_.back();
        settled_.pop_back();
        if (place < settled_.size()) {
            settle_at(place, last);
        }
    }

    void settle_at(std::uint32_t place, Entry entry) noexcept {
        if (place > 0 && settled_[(place - 1) / arity].deadline > entry.deadline) {
            sift_up(place, entry);
        } else {
            sift_down(place, entry);
        }
    }

    void sift_up(std::uint32_t place, Entry entry) noexcept {
        while (place > 0) {
            const std::uint32_t parent = (place - 1) / arity;
            if (settled_[parent].deadline <= entry.deadline) {
                break;
            }
            put(place, settled_[parent]);
            place = parent;
        }
        put(place, entry);
    }

    void sift_down(std::uint32_t place, Entry entry) noexcept {
        const std::size_t size = settled_.size();
        for (;;) {
            const std::size_t first = std::size_t{place} * arity + 1;
            if (first >= size) {
                break;
            }
            const std::size_t end = std::min(first + arity, size);
            std::size_t least = first;
            for (std::size_t child = first + 1; child < end; ++child) {
                least = settled_[child].deadline < settled_[least].deadline ? child : least;
            }
            if (settled_[least].deadline >= entry.deadline) {
                break;
            }
            put(place, settled_[least]);
            place = static_cast<std::uint32_t>(least);
        }
        put(place, entry);
    }

    std::vector<Entry> settled_;    // a heap
    std::vector<Entry> newcomers_;  // the first newcomer_count_, in no order
    std::vector<std::uint32_t> places_;
    std::int64_t newest_earliest_ = never;
    std::uint32_t newcomer_count_ = 0;
};

}  // namespace eventp::detail
