// SPDX-License-Identifier: MIT
#include "core/registry.hpp"

#include <algorithm>
#include <climits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <eventp/fd.hpp>

namespace eventp::detail {
namespace {

Slot slot_of(int fd, unsigned generation) {
    return Slot{.operations = nullptr,
                .live = {.generation = generation, .interest = 0},
                .fd = fd,
                .align_log2 = 0,
                .variant = Variant::plain,
                .presence = Presence::absent,
                .again_pending = false};
}

void insert(Registry& registry, Slot& slot) {
    registry.reserve(slot.fd);
    registry.insert(slot);
}

std::vector<Slot*> visited(Registry& registry) {
    std::vector<Slot*> out;
    registry.for_each([&out](Slot& slot) { out.push_back(&slot); });
    return out;
}

TEST(Registry, FindsASlotByNumberOrByName) {
    Registry registry;
    Slot slot = slot_of(7, 42);

    insert(registry, slot);

    EXPECT_EQ(registry.find(BorrowedFd{7}), &slot);
    EXPECT_EQ(registry.find(RegistrationId{7, 42}), &slot);
    EXPECT_EQ(registry.at(7), &slot);
    EXPECT_EQ(registry.size(), 1U);
}

TEST(Registry, FindsNothingForAnotherGenerationOrNumber)  // [registration.stale]
{
    Registry registry;
    Slot slot = slot_of(7, 42);
    insert(registry, slot);

    EXPECT_EQ(registry.find(RegistrationId{7, 41}), nullptr);
    EXPECT_EQ(registry.find(RegistrationId{8, 42}), nullptr);
    EXPECT_EQ(registry.find(RegistrationId{}), nullptr);
    EXPECT_EQ(registry.find(BorrowedFd{8}), nullptr);
    EXPECT_EQ(registry.find(BorrowedFd{-1}), nullptr);
    EXPECT_EQ(registry.find(BorrowedFd{INT_MIN}), nullptr);
    EXPECT_EQ(registry.find(BorrowedFd{INT_MAX}), nullptr);
}

TEST(Registry, ForgetsAnErasedSlot) {
    Registry registry;
    Slot first = slot_of(7, 42);
    Slot second = slot_of(7, 43);
    insert(registry, first);

    registry.erase(first);
    EXPECT_EQ(registry.find(BorrowedFd{7}), nullptr);
    EXPECT_EQ(registry.size(), 0U);

    insert(registry, second);
    EXPECT_EQ(registry.find(BorrowedFd{7}), &second);
}

TEST(Registry, KeepsItsRowsWhereTheyAreWhenItGrows) {
    Registry registry;
    std::vector<Slot> slots;
    constexpr int count = 5000;
    for (int fd = 0; fd < count; ++fd) {
        slots.push_back(slot_of(fd, static_cast<unsigned>(fd) + 1));
    }
    // From both ends: low numbers after high ones.
    for (int i = 0; i < count; ++i) {
        const int fd = i % 2 == 0 ? i / 2 : count - 1 - i / 2;
        insert(registry, slots[static_cast<std::size_t>(fd)]);
    }

    for (int fd = 0; fd < count; ++fd) {
        ASSERT_EQ(registry.at(fd), &slots[static_cast<std::size_t>(fd)]);
    }
    EXPECT_EQ(registry.size(), std::size_t{count});
    EXPECT_EQ(registry.at(count), nullptr);
}

TEST(Registry, TakesAVeryHighNumberWithoutRoomForAllBelow) {
    Registry registry;
    Slot slot = slot_of(1'000'000'000, 1);
    EXPECT_FALSE(registry.has_room(slot.fd));

    insert(registry, slot);

    EXPECT_TRUE(registry.has_room(slot.fd));
    EXPECT_FALSE(registry.has_room(5));
    EXPECT_EQ(registry.at(slot.fd), &slot);
    EXPECT_EQ(visited(registry), (std::vector{&slot}));
}

TEST(Registry, FindsAnEvictedSlotByItsNameOnly) {
    Registry registry;
    Slot paused = slot_of(7, 42);
    Slot newcomer = slot_of(7, 43);
    insert(registry, paused);

    registry.evict(paused);
    insert(registry, newcomer);

    EXPECT_EQ(registry.find(BorrowedFd{7}), &newcomer);
    EXPECT_EQ(registry.find(RegistrationId{7, 42}), &paused);
    EXPECT_EQ(registry.find(RegistrationId{7, 43}), &newcomer);
    EXPECT_EQ(registry.size(), 2U);

    registry.erase(paused);
    EXPECT_EQ(registry.find(RegistrationId{7, 42}), nullptr);
    EXPECT_EQ(registry.find(BorrowedFd{7}), &newcomer);
    EXPECT_EQ(registry.size(), 1U);
}

TEST(Registry, RemembersWhichNumbersTheQuarantineHolds) {
    Registry registry;
    EXPECT_FALSE(registry.may_have_stale_entry(7));
    EXPECT_FALSE(registry.may_have_stale_entry(-1));
    registry.reserve(7);

    registry.mark_stale(7);
    EXPECT_TRUE(registry.may_have_stale_entry(7));
    EXPECT_FALSE(registry.may_have_stale_entry(8));

    registry.clear_stale(7);
    EXPECT_FALSE(registry.may_have_stale_entry(7));
}

TEST(Registry, VisitsEverySlotOnceEvictedOnesToo) {
    Registry registry;
    std::vector<Slot> slots{slot_of(0, 1), slot_of(511, 2), slot_of(512, 3), slot_of(0, 4)};
    insert(registry, slots[0]);
    insert(registry, slots[1]);
    insert(registry, slots[2]);
    registry.evict(slots[0]);
    insert(registry, slots[3]);

    std::vector<Slot*> all = visited(registry);

    std::ranges::sort(all);
    EXPECT_EQ(all, (std::vector{&slots[0], &slots[1], &slots[2], &slots[3]}));
}

TEST(Registry, LetsAVisitorEraseAndInsert) {
    Registry registry;
    std::vector<Slot> slots{slot_of(1, 1), slot_of(2, 2), slot_of(3, 3), slot_of(1, 4)};
    insert(registry, slots[0]);
    insert(registry, slots[1]);
    registry.evict(slots[0]);
    insert(registry, slots[3]);
    std::vector<Slot*> seen;

    registry.for_each([&](Slot& slot) {
        seen.push_back(&slot);
        registry.erase(slot);
        if (&slot == &slots[1]) {
            insert(registry, slots[2]);
        }
    });

    EXPECT_EQ(seen, (std::vector{&slots[3], &slots[1], &slots[2], &slots[0]}));
    EXPECT_EQ(registry.size(), 0U);
}

}  // namespace
}  // namespace eventp::detail
