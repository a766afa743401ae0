// SPDX-License-Identifier: MIT
#include "timers/timer_queue.hpp"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <limits>
#include <map>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace eventp::support {
namespace {

using detail::TimerQueue;

TEST(TimerQueue, IsEmptyBeforeItsFirstTimer) {
    const TimerQueue queue;

    EXPECT_EQ(queue.front(), nullptr);
    EXPECT_EQ(queue.earliest(), TimerQueue::never);
    EXPECT_EQ(queue.size(), 0U);
}

TEST(TimerQueue, HasAnUnsortedTimerAtItsFrontOnlyAfterMerging) {
    TimerQueue queue;
    queue.reserve(2);

    queue.insert(1, 50, 1);

    EXPECT_EQ(queue.front(), nullptr);
    EXPECT_EQ(queue.earliest(), 50);
    queue.merge_unsorted();
    ASSERT_NE(queue.front(), nullptr);
    EXPECT_EQ(queue.front()->timer(), 1U);
}

TEST(TimerQueue, ErasesEachTimerOnceWhereverItIs) {
    TimerQueue queue;
    queue.reserve(3);
    queue.insert(0, 10, 1);
    queue.merge_unsorted();
    queue.insert(1, 20, 2);
    queue.insert(2, 5, 3);

    EXPECT_TRUE(queue.erase(0));
    EXPECT_TRUE(queue.erase(1));
    EXPECT_FALSE(queue.erase(0));
    EXPECT_FALSE(queue.erase(1));

    EXPECT_TRUE(queue.contains(2));
    queue.merge_unsorted();
    EXPECT_EQ(queue.front()->timer(), 2U);
    EXPECT_EQ(queue.size(), 1U);
}

TEST(TimerQueue, SaysThatATimerSurfacesInTimeOnlyIfItIsInTheHeap) {
    TimerQueue queue;
    queue.reserve(2);
    queue.insert(0, 10, 1);
    EXPECT_FALSE(queue.surfaces_before(0, 20));

    queue.merge_unsorted();

    EXPECT_TRUE(queue.surfaces_before(0, 11));
    EXPECT_FALSE(queue.surfaces_before(0, 10)) << "as late as others that were armed since";
    EXPECT_FALSE(queue.surfaces_before(0, 9));
    EXPECT_FALSE(queue.surfaces_before(1, 20));
}

/// Removes all timers, from the front.
std::vector<std::uint32_t> drain(TimerQueue& queue) {
    std::vector<std::uint32_t> order;
    queue.merge_unsorted();
    while (queue.front() != nullptr) {
        order.push_back(queue.front()->timer());
        queue.erase(order.back());
    }
    return order;
}

TEST(TimerQueue, KeepsTimersWithOneDeadlineInTheOrderOfTheirSequenceNumbers) {  // [timer.fifo]
    for (std::uint32_t count = 1; count <= 70; ++count) {
        TimerQueue queue;
        queue.reserve(count);
        std::vector<std::uint32_t> expected;
        for (std::uint32_t timer = count; timer-- > 0;) {
            queue.insert(timer, 1, 100 - timer);
            expected.push_back(timer);
            if (timer % 11 == 0) {
                queue.merge_unsorted();
            }
        }

        EXPECT_EQ(drain(queue), expected) << count;
    }
}

TEST(TimerQueue, KeepsThatOrderWhenSequenceNumbersWrapAround) {  // [timer.fifo]
    constexpr std::uint32_t count = 40;
    constexpr std::uint32_t first = std::numeric_limits<std::uint32_t>::max() - count / 2;
    TimerQueue queue;
    queue.reserve(count);
    std::vector<std::uint32_t> expected;
    for (std::uint32_t timer = 0; timer < count; ++timer) {
        queue.insert(timer, 1, first + timer);
        expected.push_back(timer);
    }

    EXPECT_EQ(drain(queue), expected);
}

TEST(TimerQueue, OrdersTheFrontThatIsPostponedByItsNewSequenceNumber) {  // [timer.fifo]
    TimerQueue queue;
    queue.reserve(4);
    queue.insert(0, 1, 1);
    queue.insert(1, 5, 2);
    queue.insert(2, 5, 4);
    queue.insert(3, 4, 5);
    queue.merge_unsorted();
    ASSERT_EQ(queue.front()->timer(), 0U);

    queue.postpone_front(5, 3);

    EXPECT_EQ(drain(queue), (std::vector<std::uint32_t>{3, 1, 0, 2}));
}

/// The timers of a queue in the order in which they were armed.
class Oracle {
public:
    struct Armed {
        std::uint32_t timer;
        std::int64_t deadline;
    };

    void arm(std::uint32_t timer, std::int64_t deadline) { armed_.push_back({timer, deadline}); }
    /// Returns false if the timer is not armed.
    bool disarm(std::uint32_t timer) {
        return std::erase_if(armed_, [&](const Armed& each) { return each.timer == timer; }) != 0;
    }
    [[nodiscard]] std::vector<Armed> sorted() const {
        std::multimap<std::int64_t, Armed> by_deadline;  // equal ones stay in this order
        for (const Armed& each : armed_) {
            by_deadline.emplace(each.deadline, each);
        }
        std::vector<Armed> sorted;
        for (const auto& [deadline, each] : by_deadline) {
            sorted.push_back(each);
        }
        return sorted;
    }
    [[nodiscard]] std::size_t size() const { return armed_.size(); }

private:
    std::vector<Armed> armed_;
};

/// Makes one random change to both.
void change(TimerQueue& queue, Oracle& oracle, std::mt19937& random, std::uint32_t sequence) {
    constexpr std::uint32_t timers = 120;
    const auto timer = static_cast<std::uint32_t>(random() % timers);
    const auto deadline = static_cast<std::int64_t>(random() % 8);  // most are equal to others
    if (random() % 4 == 0 && queue.front() != nullptr) {
        const std::uint32_t front = queue.front()->timer();
        const std::int64_t later = queue.front()->deadline + deadline;
        oracle.disarm(front);
        oracle.arm(front, later);
        queue.postpone_front(later, sequence);
        return;
    }
    ASSERT_EQ(queue.erase(timer), oracle.disarm(timer));
    if (random() % 3 != 0) {
        queue.insert(timer, deadline, sequence);
        oracle.arm(timer, deadline);
    }
}

TEST(TimerQueue, AgreesWithAStableSortOverALongRandomHistory) {  // [timer.fifo]
    std::mt19937 random{7};
    std::uint32_t sequence = std::numeric_limits<std::uint32_t>::max() - 20'000;
    TimerQueue queue;
    queue.reserve(120);
    Oracle oracle;

    for (int round = 0; round < 400; ++round) {
        for (auto steps = random() % 150; steps > 0; --steps) {
            change(queue, oracle, random, ++sequence);
            if (random() % 32 == 0) {
                queue.merge_unsorted();
            }
            ASSERT_EQ(queue.size(), oracle.size());
        }
        const std::vector<Oracle::Armed> expected = oracle.sorted();
        ASSERT_LE(queue.earliest(),
                  expected.empty() ? TimerQueue::never : expected.front().deadline);
        if (random() % 2 == 0) {
            TimerQueue copy = queue;
            std::vector<std::uint32_t> order;
            std::ranges::transform(expected, std::back_inserter(order), &Oracle::Armed::timer);
            ASSERT_EQ(drain(copy), order);
        }
    }
}

}  // namespace
}  // namespace eventp::support
