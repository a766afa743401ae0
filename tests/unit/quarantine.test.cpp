// SPDX-License-Identifier: MIT
//
// That no memory is given back too early or never: the address sanitizer's job, too.
#include "core/quarantine.hpp"

#include <cstddef>

#include <gtest/gtest.h>

#include <eventp/detail/slot.hpp>

#include "core/registry.hpp"
#include "support/counted_new.hpp"

namespace eventp::detail {
namespace {

using support::allocations;

constexpr Operations ghost{};

Slot& removed_slot(int fd, Presence presence) {
    Slot& slot = *allocate_slot(8, 8);
    slot.fd = fd;
    slot.presence = presence;
    return slot;
}

class QuarantineTest : public ::testing::Test {
protected:
    QuarantineTest() {
        registry.reserve(7);
        live_before = allocations().live;
    }

    Registry registry;
    Quarantine quarantine;
    std::size_t live_before = 0;
};

TEST_F(QuarantineTest, KeepsTheMemoryOfABuriedSlotUntilItIsSettled) {
    quarantine.bury(removed_slot(7, Presence::absent));
    EXPECT_FALSE(quarantine.is_empty());
    EXPECT_EQ(allocations().live, live_before + 1);

    quarantine.settle(ghost);

    EXPECT_TRUE(quarantine.is_empty());
    EXPECT_EQ(allocations().live, live_before);
    EXPECT_EQ(quarantine.size(), 0U);
}

TEST_F(QuarantineTest, HoldsWhatTheKernelMayStillNameUntilTheSetIsReplaced) {
    Slot& slot = removed_slot(7, Presence::present);
    registry.mark_stale(7);

    quarantine.bury(slot);
    EXPECT_EQ(quarantine.size(), 1U);
    quarantine.settle(ghost);
    quarantine.settle(ghost);

    EXPECT_EQ(slot.operations, &ghost) << "its events are counted as those of a ghost";
    EXPECT_EQ(slot.fd, 7) << "the number stays readable";
    EXPECT_EQ(quarantine.size(), 1U);
    EXPECT_TRUE(registry.may_have_stale_entry(7));

    quarantine.release(registry);

    EXPECT_EQ(quarantine.size(), 0U);
    EXPECT_FALSE(registry.may_have_stale_entry(7));
    EXPECT_EQ(allocations().live, live_before);
}

TEST_F(QuarantineTest, LeavesBuriedSlotsToTheBatchWhenTheSetIsReplaced) {
    registry.mark_stale(7);
    quarantine.bury(removed_slot(7, Presence::present));

    quarantine.release(registry);

    EXPECT_FALSE(quarantine.is_empty());
    EXPECT_EQ(quarantine.size(), 1U);
    EXPECT_EQ(allocations().live, live_before + 1);
    EXPECT_TRUE(registry.may_have_stale_entry(7));
}

TEST_F(QuarantineTest, TellsTheTwoKindsApartInOneSettling) {
    registry.mark_stale(7);
    quarantine.bury(removed_slot(5, Presence::absent));
    quarantine.bury(removed_slot(7, Presence::present));
    quarantine.bury(removed_slot(6, Presence::absent));

    quarantine.settle(ghost);

    EXPECT_EQ(allocations().live, live_before + 1);
    EXPECT_EQ(quarantine.size(), 1U);
}

TEST(Quarantine, GivesEverythingBackWhenItEnds) {
    const auto live_before = allocations().live;
    {
        Quarantine quarantine;
        quarantine.bury(removed_slot(7, Presence::present));
        quarantine.settle(ghost);
        quarantine.bury(removed_slot(8, Presence::absent));
        EXPECT_EQ(allocations().live, live_before + 2);
    }

    EXPECT_EQ(allocations().live, live_before);
}

}  // namespace
}  // namespace eventp::detail
