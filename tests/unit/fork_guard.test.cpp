// SPDX-License-Identifier: MIT
#include "base/fork_guard.hpp"

#include <deque>
#include <set>

#include <gtest/gtest.h>

#include "support/child.hpp"

namespace eventp::detail {
namespace {

TEST(ForkGuard, HasACellOfItsOwnHoweverManyThereAre) {
    std::deque<ForkGuard> guards(200);
    std::set<const WipedCell*> cells;
    for (const ForkGuard& guard : guards) {
        ASSERT_TRUE(guard);
        EXPECT_FALSE(guard.in_child());
        cells.insert(&guard.cell());
    }
    EXPECT_EQ(cells.size(), guards.size());
}

TEST(ForkGuard, ReusesTheCellOfOneThatWasDestroyed) {
    const WipedCell* cell = nullptr;
    for (int i = 0; i < 3; ++i) {
        const ForkGuard guard;
        ASSERT_TRUE(guard);
        EXPECT_TRUE(cell == nullptr || cell == &guard.cell());
        cell = &guard.cell();
    }
}

TEST(ForkGuard, IsInAChildUntilItIsAdopted) {
    for (const auto way : {support::Fork::fork, support::Fork::raw_clone}) {
        ForkGuard guard;
        guard.cell().loop_end = reinterpret_cast<epoll_event*>(&guard);

        EXPECT_TRUE(support::holds_in_child(
            [&] {
                EXPECT_TRUE(guard.in_child());
                EXPECT_EQ(guard.cell().loop_end, nullptr);
                guard.adopt();
                EXPECT_FALSE(guard.in_child());
                EXPECT_FALSE(ForkGuard{}.in_child());
            },
            way));
        EXPECT_FALSE(guard.in_child());
        EXPECT_NE(guard.cell().loop_end, nullptr);
    }
}

TEST(CurrentProcess, DiffersInEachDescendantAndNowhereElse) {
    ASSERT_EQ(prepare_fork_detection(), 0);
    const ProcessNumber here = current_process();

    EXPECT_TRUE(support::holds_in_child([here] {
        const ProcessNumber child = current_process();
        EXPECT_NE(child, here);
        EXPECT_EQ(child, current_process());
        return support::holds_in_child([here, child] {
            EXPECT_NE(current_process(), here);
            EXPECT_NE(current_process(), child);
        });
    }));
    EXPECT_TRUE(support::holds_in_child([here] {
        return support::holds_in_child([here] { EXPECT_NE(current_process(), here); });
    }));
    EXPECT_EQ(current_process(), here);
}

}  // namespace
}  // namespace eventp::detail
