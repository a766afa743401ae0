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

namespace eventp::detail {
namespace {

constexpr std::uint32_t in = EPOLLIN;
constexpr std::uint32_t out = EPOLLOUT;

/// An operations table, so that a change of variant stays inside of one.
constexpr OperationsTable table{};

Slot make_slot(std::uint32_t interest = EPOLLIN | EPOLLOUT) {
    return Slot{.operations = table.rows,
                .live = {.generation = 1, .interest = interest},
                .fd = 7,
                .align_log2 = 0,
                .variant = Variant::plain,
                .presence = Presence::present,
                .again_pending = false};
}

struct Reported {
    Slot* slot;
    std::uint32_t events;
    friend bool operator==(const Reported&, const Reported&) = default;
};

class BatchTest : public ::testing::Test {
protected:
    /// What the kernel would write, and the begin of the turn.
    void report(const std::vector<Reported>& events) {
        epoll_event* room = batch.room_for_wait();
        for (std::size_t i = 0; i < events.size(); ++i) {
            room[i].events = events[i].events;
            room[i].data.ptr = events[i].slot;
        }
        batch.begin_turn(events.size());
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

TEST_F(BatchTest, IsEmptyAtFirstAndWhenItHasForgotten) {
    EXPECT_FALSE(batch.has_tail());

    report({{&a, in}});
    EXPECT_TRUE(batch.has_tail());

    batch.forget();
    EXPECT_FALSE(batch.has_tail());
    EXPECT_EQ(batch.event_of(a), nullptr);
}

TEST_F(BatchTest, HoldsWhatWasReportedInOrder) {
    report({{&a, in}, {&b, out}});

    EXPECT_EQ(rest(), (Events{{&a, in}, {&b, out}}));
}

TEST_F(BatchTest, PutsOneMoreEventInFrontOfAFullTurn) {
    report({{&a, in}, {&b, in}, {&c, in}, {&a, out}});

    batch.put_first(discard_slot, 5);

    EXPECT_EQ(rest(), (Events{{&discard_slot, 5}, {&a, in}, {&b, in}, {&c, in}, {&a, out}}));
}

TEST_F(BatchTest, FindsTheEventOfASlotAlsoWhenItIsDispatched) {
    report({{&a, in}, {&b, out}});
    batch.cursor += 1;

    ASSERT_NE(batch.event_of(a), nullptr);
    EXPECT_EQ(batch.event_of(a)->events, in);
    EXPECT_EQ(batch.event_of(b)->events, out);
    EXPECT_EQ(batch.event_of(c), nullptr);
}

TEST_F(BatchTest, NarrowsOnlyWhatIsStillToBeDispatched) {
    report({{&a, in | out}, {&b, in | out}, {&c, in}});
    batch.cursor += 1;

    batch.narrow(a, in, discard_slot);
    batch.narrow(b, in | EPOLLERR, discard_slot);
    batch.narrow(c, out, discard_slot);

    EXPECT_EQ(batch.event_of(a)->events, in | out);
    EXPECT_EQ(rest(), (Events{{&b, in}, {&discard_slot, 0}}));
}

TEST_F(BatchTest, ScrubsASlotFromTheWholeTurn) {
    report({{&a, in}, {&b, in}, {&a, out}});
    batch.cursor += 1;

    batch.scrub(a, discard_slot);

    EXPECT_EQ(batch.event_of(a), nullptr);
    EXPECT_EQ(rest(), (Events{{&b, in}, {&discard_slot, out}}));
}

TEST_F(BatchTest, PutsWhatIsKeptInFrontOfWhatIsReported) {
    batch.keep(a, in);
    batch.keep(b, out);
    EXPECT_TRUE(batch.has_kept());

    report({{&c, in}, {&discard_slot, in}, {&discard_slot, in}, {&discard_slot, in}});

    EXPECT_EQ(rest(), (Events{{&a, in},
                              {&b, out},
                              {&c, in},
                              {&discard_slot, in},
                              {&discard_slot, in},
                              {&discard_slot, in}}));
    EXPECT_FALSE(batch.has_kept());
    EXPECT_FALSE(a.again_pending);
    batch.put_first(c, 5);
    EXPECT_EQ(rest().front(), (Reported{&c, 5})) << "there is room in front of the kept ones too";
}

TEST_F(BatchTest, LetsANewReportTakeThePlaceOfWhatIsKept) {
    batch.keep(a, in);

    report({{&a, out}});

    EXPECT_EQ(rest(), (Events{{&a, out}}));
    EXPECT_FALSE(a.again_pending);
}

TEST_F(BatchTest, LeavesOutWhatIsNotAskedForAnyMore) {
    batch.keep(a, in | out | EPOLLHUP);
    batch.keep(b, in);
    batch.keep(c, in);
    a.live.interest = in;
    b.live.interest = out;
    c.live.interest = 0;

    report({});

    EXPECT_EQ(rest(), (Events{{&a, in | EPOLLHUP}}));
    EXPECT_FALSE(b.again_pending);
    EXPECT_FALSE(c.again_pending);
}

TEST_F(BatchTest, CallsAFiredOneShotOnceMore) {
    a.live.interest = EPOLLIN | EPOLLONESHOT;
    set_variant(a, Variant::dropped);
    batch.keep(a, in);

    report({});

    EXPECT_EQ(rest(), (Events{{&a, in}}));
    EXPECT_EQ(a.variant, Variant::oneshot);
}

TEST_F(BatchTest, DropsWhatIsKeptForOneSlotOnly) {
    batch.keep(a, in);
    batch.keep(b, in);

    batch.drop_kept(a);
    EXPECT_FALSE(a.again_pending);

    report({});
    EXPECT_EQ(rest(), (Events{{&b, in}}));
}

TEST_F(BatchTest, KeepsWhatIsKeptWhenItForgetsTheTurn) {
    report({{&b, in}});
    batch.keep(a, in);

    batch.forget();

    EXPECT_FALSE(batch.has_tail());
    report({});
    EXPECT_EQ(rest(), (Events{{&a, in}}));
}

}  // namespace
}  // namespace eventp::detail
