// SPDX-License-Identifier: MIT
#include "core/registry.hpp"

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
                .mode = DispatchMode::call,
                .state = SlotState::watched,
                .is_requeued = false,
                .is_unwatchable = false,
                .kernel_may_hold = false};
}

void insert(Registry& registry, Slot& slot) {
    registry.reserve(slot.fd);
    registry.insert(registry.entry(slot.fd), slot);
}

Slot* at(const Registry& registry, int fd) {
    const Registry::Entry entry = registry.entry(fd);
    return entry ? entry.slot() : nullptr;
}

std::vector<Slot*> visited(Registry& registry) {
    std::vector<Slot*> slots;
    registry.for_each([&slots](Slot& slot) { slots.push_back(&slot); });
    return slots;
}

TEST(Registry, FindsASlotByDescriptorOrById) {
    Registry registry;
    Slot slot = slot_of(7, 42);

    insert(registry, slot);

    EXPECT_EQ(registry.find(BorrowedFd{7}), &slot);
    EXPECT_EQ(registry.find(RegistrationId{7, 42}), &slot);
    EXPECT_EQ(at(registry, 7), &slot);
    EXPECT_EQ(registry.size(), 1U);
}

TEST(Registry, FindsNothingForAnotherGenerationOrDescriptor)  // [registration.stale]
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

TEST(Registry, DoesNotFindAnErasedSlot) {
    Registry registry;
    Slot first = slot_of(7, 42);
    Slot second = slot_of(7, 43);
    insert(registry, first);

    registry.erase(registry.entry(first.fd), first);
    EXPECT_EQ(registry.find(BorrowedFd{7}), nullptr);
    EXPECT_EQ(registry.size(), 0U);

    insert(registry, second);
    EXPECT_EQ(registry.find(BorrowedFd{7}), &second);
}

TEST(Registry, FindsEverySlotAfterItHasGrown) {
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
        ASSERT_EQ(at(registry, fd), &slots[static_cast<std::size_t>(fd)]);
    }
    EXPECT_EQ(registry.size(), std::size_t{count});
    EXPECT_EQ(at(registry, count), nullptr);
}

TEST(Registry, AcceptsAVeryLargeDescriptorWithoutMemoryForAllSmallerOnes) {
    Registry registry;
    Slot slot = slot_of(1'000'000'000, 1);
    EXPECT_FALSE(static_cast<bool>(registry.entry(slot.fd)));

    insert(registry, slot);

    EXPECT_TRUE(static_cast<bool>(registry.entry(slot.fd)));
    EXPECT_FALSE(static_cast<bool>(registry.entry(5)));
    EXPECT_EQ(at(registry, slot.fd), &slot);
    EXPECT_EQ(visited(registry), (std::vector{&slot}));
}

TEST(Registry, RemembersWhichDescriptorsMayHaveAStaleEntry) {
    Registry registry;
    registry.reserve(7);
    EXPECT_FALSE(registry.entry(7).may_be_stale());

    registry.entry(7).mark_stale();
    EXPECT_TRUE(registry.entry(7).may_be_stale());
    EXPECT_FALSE(registry.entry(8).may_be_stale());

    registry.clear_stale();
    EXPECT_FALSE(registry.entry(7).may_be_stale());
}

TEST(Registry, VisitsEverySlotOnce) {
    Registry registry;
    std::vector<Slot> slots{slot_of(0, 1), slot_of(511, 2), slot_of(512, 3), slot_of(5000, 4)};
    for (Slot& slot : slots) {
        insert(registry, slot);
    }

    EXPECT_EQ(visited(registry), (std::vector{&slots[0], &slots[1], &slots[2], &slots[3]}));
}

TEST(Registry, LetsAVisitorEraseAndInsert) {
    Registry registry;
    std::vector<Slot> slots{slot_of(1, 1), slot_of(2, 2), slot_of(3, 3), slot_of(2000, 4)};
    insert(registry, slots[0]);
    insert(registry, slots[1]);
    std::vector<Slot*> seen;

    registry.for_each([&](Slot& slot) {
        seen.push_back(&slot);
        registry.erase(registry.entry(slot.fd), slot);
        if (&slot == &slots[1]) {
            insert(registry, slots[2]);
            insert(registry, slots[3]);
        }
    });

    EXPECT_EQ(seen, (std::vector{&slots[0], &slots[1], &slots[2], &slots[3]}));
    EXPECT_EQ(registry.size(), 0U);
}

}  // namespace
}  // namespace eventp::detail
