// SPDX-License-Identifier: MIT
#include "base/fork_guard.hpp"

#include <deque>
#include <set>

#include <gtest/gtest.h>

#include "support/forks.hpp"

namespace eventp::detail {
namespace {

TEST(WipedMemory, HasACellOfItsOwnHoweverManyThereAre) {
    std::deque<WipedMemory> memories(200);
    std::set<const WipedCell*> cells;
    for (const WipedMemory& memory : memories) {
        ASSERT_NE(memory.cell(), nullptr);
        cells.insert(memory.cell());
    }
    EXPECT_EQ(cells.size(), memories.size());
}

TEST(WipedMemory, ReusesTheCellOfOneThatWasDestroyed) {
    const WipedCell* cell = nullptr;
    for (int i = 0; i < 3; ++i) {
        const WipedMemory memory;
        EXPECT_TRUE(cell == nullptr || cell == memory.cell());
        cell = memory.cell();
    }
}

TEST(UserGate, IsClearedInAChildUntilItHasAUserThere) {
    for (const auto way : {support::Fork::fork, support::Fork::raw_clone}) {
        const WipedMemory memory;
        UserGate gate{memory.cell()};
        gate.set_user(UserGate::idle);
        gate.loop_end() = reinterpret_cast<epoll_event*>(&gate);

        EXPECT_TRUE(support::holds_in_child(
            [&] {
                EXPECT_TRUE(gate.is_in_child());
                EXPECT_EQ(gate.loop_end(), nullptr);
                gate.set_user(this_thread());
                EXPECT_FALSE(gate.is_in_child());
                EXPECT_TRUE(gate.is_this_thread());
                EXPECT_NE(WipedMemory{}.cell(), nullptr);
            },
            way));
        EXPECT_FALSE(gate.is_in_child());
        EXPECT_NE(gate.loop_end(), nullptr);
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
