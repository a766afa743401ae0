// SPDX-License-Identifier: MIT
#include "core/batch.hpp"

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <sys/epoll.h>

#include <eventp/detail/slot.hpp>
#include <eventp/interest.hpp>

#include "core/slot_state.hpp"

namespace eventp::detail {
namespace {

constexpr std::uint32_t in = EPOLLIN;
constexpr std::uint32_t out = EPOLLOUT;

/// An operations table, so that a change of mode stays inside of one.
constexpr OperationsTable table{};

Slot make_slot(std::uint32_t interest = EPOLLIN | EPOLLOUT) {
    return Slot{.operations = table.modes,
                .live = {.generation = 1, .interest = interest},
                .fd = 7,
                .align_log2 = 0,
                .mode = DispatchMode::call,
                .state = SlotState::watched,
                .is_requeued = false,
                .is_unwatchable = false,
                .kernel_may_hold = false};
}

struct Reported {
    Slot* slot;
    std::uint32_t events;
    friend bool operator==(const Reported&, const Reported&) = default;
};

class BatchTest : public ::testing::Test {
protected:
    /// Stores what the kernel would, and begins the turn as the reactor does.
    void report(const std::vector<Reported>& events) {
        batch.reset();
        const bool has_requeued = batch.has_requeued();
        epoll_event* room = has_requeued ? batch.room_after_requeued() : batch.room();
        for (std::size_t i = 0; i < events.size(); ++i) {
            room[i].events = events[i].events;
            room[i].data.ptr = events[i].slot;
        }
        batch.begin_turn_at(room, events.size());
        if (has_requeued) {
            batch.prepend_requeued();
        }
    }
    [[nodiscard]] std::vector<Reported> rest() const {
        std::vector<Reported> all;
        for (const epoll_event* event = batch.cursor; event != batch.end; ++event) {
            all.push_back({static_cast<Slot*>(event->data.ptr), event->events});
        }
        return all;
    }

    Batch batch{4};
    Slot a = make_slot();
    Slot b = make_slot();
    Slot c = make_slot();
    Slot discard_slot = make_slot();
};

using Events = std::vector<Reported>;

TEST_F(BatchTest, IsEmptyAtFirstAndAfterReset) {
    EXPECT_FALSE(batch.has_rest());

    report({{&a, in}});
    EXPECT_TRUE(batch.has_rest());

    batch.reset();
    EXPECT_FALSE(batch.has_rest());
    EXPECT_EQ(batch.event_of(a), nullptr);
}

TEST_F(BatchTest, HoldsReportedEventsInOrder) {
    report({{&a, in}, {&b, out}});

    EXPECT_EQ(rest(), (Events{{&a, in}, {&b, out}}));
}

TEST_F(BatchTest, PrependsOneEventToAFullTurn) {
    report({{&a, in}, {&b, in}, {&c, in}, {&a, out}});

    batch.prepend(discard_slot, 5);

    EXPECT_EQ(rest(), (Events{{&discard_slot, 5}, {&a, in}, {&b, in}, {&c, in}, {&a, out}}));
}

TEST_F(BatchTest, FindsTheEventOfASlotBeforeAndAfterItIsDispatched) {
    report({{&a, in}, {&b, out}});
    batch.cursor += 1;

    ASSERT_NE(batch.event_of(a), nullptr);
    EXPECT_EQ(batch.event_of(a)->events, in);
    EXPECT_EQ(batch.event_of(b)->events, out);
    EXPECT_EQ(batch.event_of(c), nullptr);
}

TEST_F(BatchTest, MasksOnlyPendingEvents) {
    report({{&a, in | out}, {&b, in | out}, {&c, in}});
    batch.cursor += 1;

    batch.mask_pending(a, in, discard_slot);
    batch.mask_pending(b, in | EPOLLERR, discard_slot);
    batch.mask_pending(c, out, discard_slot);

    EXPECT_EQ(batch.event_of(a)->events, in | out);
    EXPECT_EQ(rest(), (Events{{&b, in}, {&discard_slot, 0}}));
}

TEST_F(BatchTest, DiscardsTheEventsOfASlotInTheWholeTurn) {
    report({{&a, in}, {&b, in}, {&a, out}});
    batch.cursor += 1;

    batch.discard_events_of(a, discard_slot);

    EXPECT_EQ(batch.event_of(a), nullptr);
    EXPECT_EQ(rest(), (Events{{&b, in}, {&discard_slot, out}}));
}

TEST_F(BatchTest, PrependsRequeuedEventsToReportedOnes) {
    batch.requeue(a, in);
    batch.requeue(b, out);
    EXPECT_TRUE(batch.has_requeued());

    report({{&c, in}, {&discard_slot, in}, {&discard_slot, in}, {&discard_slot, in}});

    EXPECT_EQ(rest(), (Events{{&a, in},
                              {&b, out},
                              {&c, in},
                              {&discard_slot, in},
                              {&discard_slot, in},
                              {&discard_slot, in}}));
    EXPECT_FALSE(batch.has_requeued());
    EXPECT_FALSE(a.is_requeued);
    batch.prepend(c, 5);
    EXPECT_EQ(rest().front(), (Reported{&c, 5}))
        << "there is room in front of the requeued ones too";
}

TEST_F(BatchTest, ReplacesARequeuedEventByAReportedOne) {
    batch.requeue(a, in);

    report({{&a, out}});

    EXPECT_EQ(rest(), (Events{{&a, out}}));
    EXPECT_FALSE(a.is_requeued);
}

TEST_F(BatchTest, AddsAFedEventToAReportedOneAndToARequeuedOne) {
    batch.requeue(a, 0, in);
    batch.requeue(b, out);
    batch.requeue(b, 0, in);
    batch.requeue(c, out);
    batch.requeue(c, 0, in);

    report({{&discard_slot, 1}, {&a, out}, {&c, EPOLLHUP}});

    EXPECT_EQ(rest(),
              (Events{{&b, in | out}, {&discard_slot, 1}, {&a, in | out}, {&c, in | EPOLLHUP}}));
    EXPECT_FALSE(a.is_requeued || b.is_requeued || c.is_requeued);
}

TEST_F(BatchTest, OmitsConditionsThatAreNoLongerRequestedFromAFedEvent) {
    batch.requeue(a, 0, in | out);
    batch.requeue(b, 0, in | out);
    batch.requeue(c, 0, in);
    a.live.interest = b.live.interest = in;
    c.live.interest = out;

    report({{&a, EPOLLERR}});

    EXPECT_EQ(rest(), (Events{{&b, in}, {&a, in | EPOLLERR}}));
}

TEST_F(BatchTest, OmitsConditionsThatAreNoLongerRequested) {
    batch.requeue(a, in | out | EPOLLHUP);
    batch.requeue(b, in);
    batch.requeue(c, in);
    a.live.interest = in;
    b.live.interest = out;
    c.live.interest = 0;

    report({});

    EXPECT_EQ(rest(), (Events{{&a, in | EPOLLHUP}}));
    EXPECT_FALSE(b.is_requeued);
    EXPECT_FALSE(c.is_requeued);
}

TEST_F(BatchTest, CallsAFiredOneShotOnceMore) {
    a.live.interest = EPOLLIN | EPOLLONESHOT;
    set_state(a, SlotState::fired, Interest{a.live.interest});
    batch.requeue(a, in);

    report({});

    EXPECT_EQ(rest(), (Events{{&a, in}}));
    EXPECT_EQ(a.mode, DispatchMode::call_once);
    EXPECT_EQ(a.state, SlotState::watched);
}

TEST_F(BatchTest, KeepsTheRequeuedEventOfAFiredOneShotBesideAHangupOfARebuild) {
    a.live.interest = EPOLLIN | EPOLLONESHOT;
    set_state(a, SlotState::fired, Interest{a.live.interest});
    batch.requeue(a, in);

    report({{&a, EPOLLHUP}});

    EXPECT_EQ(rest(), (Events{{&a, in}, {&a, EPOLLHUP}})) << "fire_once() drops the second one";
}

TEST_F(BatchTest, OmitsTheRequeuedEventOfASlotThatIsNoLongerWatched) {
    batch.requeue(a, in);
    set_state(a, SlotState::unwatched, Interest{a.live.interest});

    report({});

    EXPECT_EQ(rest(), Events{});
    EXPECT_FALSE(a.is_requeued);
}

TEST_F(BatchTest, CancelsAllRequeuedEvents) {
    batch.requeue(a, in);
    batch.requeue(b, in);

    batch.cancel_all_requeued();

    EXPECT_FALSE(batch.has_requeued());
    EXPECT_FALSE(a.is_requeued || b.is_requeued);
}

TEST_F(BatchTest, CancelsTheRequeuedEventOfOneSlotOnly) {
    batch.requeue(a, in);
    batch.requeue(b, in);

    batch.cancel_requeued(a);
    EXPECT_FALSE(a.is_requeued);

    report({});
    EXPECT_EQ(rest(), (Events{{&b, in}}));
}

TEST_F(BatchTest, KeepsRequeuedEventsWhenItIsReset) {
    report({{&b, in}});
    batch.requeue(a, in);

    batch.reset();

    EXPECT_FALSE(batch.has_rest());
    report({});
    EXPECT_EQ(rest(), (Events{{&a, in}}));
}

}  // namespace
}  // namespace eventp::detail
