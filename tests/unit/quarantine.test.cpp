// SPDX-License-Identifier: MIT
//
// No memory is freed too early or never; the address sanitizer checks that, too.
#include "core/quarantine.hpp"

#include <cstddef>

#include <gtest/gtest.h>

#include <eventp/detail/slot.hpp>

#include "support/allocations.hpp"

namespace eventp::detail {
namespace {

using support::allocations;

constexpr Operations stale{};

Slot& removed_slot(int fd, bool kernel_may_hold) {
    Slot& slot = *allocate_slot(8, 8);
    slot.fd = fd;
    slot.state = SlotState::retired;
    slot.kernel_may_hold = kernel_may_hold;
    return slot;
}

class QuarantineTest : public ::testing::Test {
protected:
    Quarantine quarantine;
    std::size_t live_before = allocations().live;
};

TEST_F(QuarantineTest, FreesTheMemoryOfADestroyedSlotWhenItIsSettled) {
    Slot& slot = removed_slot(7, /*kernel_may_hold=*/false);
    quarantine.add(slot);
    EXPECT_EQ(slot.state, SlotState::destroyed);
    EXPECT_EQ(allocations().live, live_before + 1);

    quarantine.settle(stale);

    EXPECT_EQ(allocations().live, live_before);
    EXPECT_EQ(quarantine.size(), 0U);
}

TEST_F(QuarantineTest, HoldsASlotThatTheKernelMayHoldUntilTheInstanceIsReplaced) {
    Slot& slot = removed_slot(7, /*kernel_may_hold=*/true);

    quarantine.add(slot);
    EXPECT_EQ(quarantine.size(), 1U);
    quarantine.settle(stale);
    quarantine.settle(stale);

    EXPECT_EQ(slot.operations, &stale) << "its events are counted as stale ones";
    EXPECT_EQ(slot.state, SlotState::quarantined);
    EXPECT_EQ(slot.fd, 7) << "the descriptor stays readable";
    EXPECT_EQ(quarantine.size(), 1U);

    quarantine.release();

    EXPECT_EQ(quarantine.size(), 0U);
    EXPECT_EQ(allocations().live, live_before);
}

TEST_F(QuarantineTest, DoesNotFreeSlotsThatABatchMayHoldWhenTheInstanceIsReplaced) {
    quarantine.add(removed_slot(7, /*kernel_may_hold=*/true));

    quarantine.release();

    EXPECT_EQ(quarantine.size(), 1U);
    EXPECT_EQ(allocations().live, live_before + 1);
}

TEST_F(QuarantineTest, SettlesBothKindsTogether) {
    quarantine.add(removed_slot(5, /*kernel_may_hold=*/false));
    quarantine.add(removed_slot(7, /*kernel_may_hold=*/true));
    quarantine.add(removed_slot(6, /*kernel_may_hold=*/false));

    quarantine.settle(stale);

    EXPECT_EQ(allocations().live, live_before + 1);
    EXPECT_EQ(quarantine.size(), 1U);
}

TEST(Quarantine, FreesAllMemoryWhenItIsDestroyed) {
    const auto live_before = allocations().live;
    {
        Quarantine quarantine;
        quarantine.add(removed_slot(7, /*kernel_may_hold=*/true));
        quarantine.settle(stale);
        quarantine.add(removed_slot(8, /*kernel_may_hold=*/false));
        EXPECT_EQ(allocations().live, live_before + 2);
    }

    EXPECT_EQ(allocations().live, live_before);
}

}  // namespace
}  // namespace eventp::detail
