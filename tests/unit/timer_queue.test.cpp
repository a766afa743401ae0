// SPDX-License-Identifier: MIT
#include "timers/timer_queue.hpp"

#include <cstdint>
#include <random>
#include <set>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace eventp::support {
namespace {

using detail::TimerQueue;

TEST(TimerQueue, IsEmptyBeforeItsFirstTimer) {
    TimerQueue queue;

    EXPECT_EQ(queue.front(), nullptr);
    EXPECT_EQ(queue.earliest(), TimerQueue::never);
    EXPECT_EQ(queue.size(), 0U);
}

TEST(TimerQueue, HasAnUnsortedTimerAtItsFrontOnlyAfterMerging) {
    TimerQueue queue;
    queue.reserve(2);

    queue.insert(1, 50);

    EXPECT_EQ(queue.front(), nullptr);
    EXPECT_EQ(queue.earliest(), 50);
    queue.merge_unsorted();
    ASSERT_NE(queue.front(), nullptr);
    EXPECT_EQ(queue.front()->timer, 1U);
}

TEST(TimerQueue, ErasesEachTimerOnceWhereverItIs) {
    TimerQueue queue;
    queue.reserve(3);
    queue.insert(0, 10);
    queue.merge_unsorted();
    queue.insert(1, 20);
    queue.insert(2, 5);

    EXPECT_TRUE(queue.erase(0));
    EXPECT_TRUE(queue.erase(1));
    EXPECT_FALSE(queue.erase(0));
    EXPECT_FALSE(queue.erase(1));

    EXPECT_TRUE(queue.contains(2));
    queue.merge_unsorted();
    EXPECT_EQ(queue.front()->timer, 2U);
    EXPECT_EQ(queue.size(), 1U);
}

TEST(TimerQueue, SaysThatATimerSurfacesInTimeOnlyIfItIsInTheHeap) {
    TimerQueue queue;
    queue.reserve(2);
    queue.insert(0, 10);
    EXPECT_FALSE(queue.surfaces_by(0, 20));

    queue.merge_unsorted();

    EXPECT_TRUE(queue.surfaces_by(0, 20));
    EXPECT_FALSE(queue.surfaces_by(0, 9));
    EXPECT_FALSE(queue.surfaces_by(1, 20));
}

TEST(TimerQueue, AgreesWithASortedSetOverALongRandomHistory) {
    constexpr std::uint32_t timers = 300;
    std::mt19937 random{7};
    TimerQueue queue;
    queue.reserve(timers);
    std::vector<std::int64_t> deadlines(timers, -1);
    std::set<std::pair<std::int64_t, std::uint32_t>> model;

    for (int step = 0; step < 200'000; ++step) {
        const auto timer = static_cast<std::uint32_t>(random() % timers);
        const auto deadline = static_cast<std::int64_t>(random() % 100'000);
        if (deadlines[timer] >= 0) {
            ASSERT_TRUE(queue.erase(timer));
            model.erase({std::exchange(deadlines[timer], -1), timer});
        } else {
            queue.insert(timer, deadline);
            model.emplace(deadline, timer);
            deadlines[timer] = deadline;
        }
        if (random() % 64 == 0) {
            queue.merge_unsorted();
            ASSERT_EQ(queue.earliest(), model.empty() ? TimerQueue::never : model.begin()->first);
            if (!model.empty() && random() % 2 == 0) {
                const auto front = static_cast<std::uint32_t>(queue.front()->timer);
                model.erase({deadlines[front], front});
                deadlines[front] += 1000;
                model.emplace(deadlines[front], front);
                queue.postpone_front(deadlines[front]);
                ASSERT_EQ(queue.front()->deadline, model.begin()->first);
            }
        } else {
            ASSERT_LE(queue.earliest(), model.empty() ? TimerQueue::never : model.begin()->first);
        }
        ASSERT_EQ(queue.size(), model.size());
    }
}

}  // namespace
}  // namespace eventp::support
