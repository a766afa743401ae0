// SPDX-License-Identifier: MIT
//
// A handler that throws, at every position of a batch and in every mode: no event is lost, no
// handler is called twice, and the reactor stays usable.
#include <stdexcept>
#include <tuple>

#include <gtest/gtest.h>

#include "support/files.hpp"
#include "support/source.hpp"

#if defined(__cpp_exceptions)

namespace eventp::support {
namespace {

struct Mode {
    const char* name;
    Interest interest;
};

constexpr std::size_t batch_size = 5;

class ReactorDispatchThrows : public ::testing::TestWithParam<std::tuple<Mode, std::size_t>> {
protected:
    static Interest mode() { return std::get<0>(GetParam()).interest; }
    static std::size_t thrower() { return std::get<1>(GetParam()); }

    /// Throws at the position under test; does `before` first.
    static Crowd::Action throwing(Crowd::Action before = {}) {
        return [before](std::size_t position, Source& self, ReactorOps& by) {
            self.drain();
            if (position == thrower()) {
                if (before) {
                    before(position, self, by);
                }
                throw std::runtime_error{"thrown by a handler"};
            }
        };
    }
    /// The turn that the exception leaves.
    void turn_that_throws() {
        crowd.signal_all();
        EXPECT_THROW(static_cast<void>(reactor.run_once()), std::runtime_error);
        EXPECT_EQ(crowd.order.size(), thrower() + 1);
    }
    [[nodiscard]] static std::size_t left() { return batch_size - thrower() - 1; }

    Reactor reactor;
    Crowd crowd{reactor, batch_size, mode(), throwing()};
};

INSTANTIATE_TEST_SUITE_P(
    Batch, ReactorDispatchThrows,
    ::testing::Combine(::testing::Values(Mode{"level", reading}, Mode{"edge", reading_edges},
                                         Mode{"oneshot", reading_once},
                                         Mode{"exclusive", reading_exclusively.edge_triggered()}),
                       ::testing::Range(std::size_t{0}, batch_size)),
    [](const auto& tested) {
        return std::string{std::get<0>(tested.param).name} + "_at_" +
               std::to_string(std::get<1>(tested.param));
    });

TEST_P(ReactorDispatchThrows, AndTheRestOfTheBatchIsDispatchedOnceByTheNextTurn) {
    // [dispatch.throws]
    turn_that_throws();

    if (left() > 0) {
        const auto turned = reactor.run_once();  // no time-out: it must not wait
        ASSERT_TRUE(turned);
        EXPECT_EQ(*turned, left());
    }

    EXPECT_EQ(poll(reactor), 0U);
    for (const Source& member : crowd.members) {
        EXPECT_EQ(member.calls, 1);
        EXPECT_EQ(member.event, Event{EPOLLIN});
    }
    EXPECT_EQ(reactor.stats().handlers_called, batch_size);
}

TEST_P(ReactorDispatchThrows, AndTheReactorIsUsedAsBefore) {  // [dispatch.throws] [remove.always]
    turn_that_throws();
    Source& culprit = *crowd.order.back();

    EXPECT_TRUE(reactor.modify(culprit, reading_edges) || mode().is_exclusive());
    EXPECT_TRUE(reactor.remove(culprit.name));
    EXPECT_EQ(culprit.destroyed, 1);
    EXPECT_FALSE(reactor.contains(culprit));
    culprit.add_to(reactor);

    EXPECT_EQ(poll(reactor), left());
    culprit.signal();
    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(reactor.stats().registered, batch_size);
    EXPECT_EQ(reactor.stats().quarantined, 0U);
}

TEST_P(ReactorDispatchThrows, AfterItRemovedItself) {  // [dispatch.throws] [remove.self]
    crowd.then = throwing([](std::size_t, Source& self, ReactorOps& by) {
        EXPECT_TRUE(by.remove(self.name));
        EXPECT_EQ(self.destroyed, 0);
    });

    turn_that_throws();

    EXPECT_EQ(crowd.order.back()->destroyed, 1);
    EXPECT_EQ(poll(reactor), left());
    EXPECT_EQ(reactor.stats().registered, batch_size - 1);
}

TEST_P(ReactorDispatchThrows, AfterItRemovedAllOthers) {  // [dispatch.throws] [remove.other]
    crowd.then = throwing([this](std::size_t, Source& self, ReactorOps& by) {
        for (Source& other : crowd.members) {
            if (&other != &self) {
                EXPECT_TRUE(by.remove(other.name));
            }
        }
    });

    turn_that_throws();

    for (const Source& member : crowd.members) {
        EXPECT_EQ(member.destroyed, &member == crowd.order.back() ? 0 : 1);
    }
    EXPECT_EQ(poll(reactor), 0U);
    EXPECT_EQ(reactor.stats().registered, 1U);
    EXPECT_EQ(reactor.stats().events_dropped, left());
}

TEST_P(ReactorDispatchThrows, AndASubscriberThatIsRemovedFromTheRestIsNotCalled) {
    // [dispatch.throws] [remove.pending] [remove.outside]
    turn_that_throws();
    std::size_t removed = 0;
    for (Source& member : crowd.members) {
        if (member.calls == 0 && removed == 0) {
            EXPECT_TRUE(reactor.remove(member.name));
            EXPECT_EQ(member.destroyed, 1);
            ++removed;
        }
    }

    EXPECT_EQ(poll(reactor), left() - removed);
    EXPECT_EQ(reactor.stats().events_dropped, removed);
}

TEST_P(ReactorDispatchThrows, AndASubscriberThatIsExtractedFromTheRestIsNotCalled) {
    // [dispatch.throws] [extract]
    turn_that_throws();
    std::size_t taken = 0;
    for (Source& member : crowd.members) {
        if (member.calls == 0 && taken == 0) {
            EXPECT_TRUE(reactor.extract(member.name));  // destroyed at once
            EXPECT_EQ(member.destroyed, 1);
            ++taken;
        }
    }

    EXPECT_EQ(poll(reactor), left() - taken);
}

TEST_P(ReactorDispatchThrows, AndASubscriberThatIsPausedInTheRestIsNotCalled) {
    // [dispatch.throws] [modify.pending] [modify.paused]
    turn_that_throws();
    std::size_t paused = 0;
    for (Source& member : crowd.members) {
        if (member.calls == 0 && paused == 0) {
            EXPECT_TRUE(reactor.modify(member, nothing));
            ++paused;
        }
    }

    EXPECT_EQ(poll(reactor), left() - paused);
    EXPECT_EQ(poll(reactor), 0U);
}

TEST_P(ReactorDispatchThrows, AndEveryHandlerMayThrow) {  // [dispatch.throws]
    crowd.then = [](std::size_t, Source& self, ReactorOps&) {
        self.drain();
        throw std::runtime_error{"each"};
    };
    crowd.signal_all();

    for (std::size_t turn = 0; turn < batch_size; ++turn) {
        EXPECT_THROW(static_cast<void>(reactor.run_once()), std::runtime_error);
    }

    EXPECT_EQ(poll(reactor), 0U);
    for (const Source& member : crowd.members) {
        EXPECT_EQ(member.calls, 1);
    }
}

// --- what is not a matter of position -----------------------------------------------------------

TEST(ReactorThrows, LeaveRunWithTheExceptionOfTheHandler) {  // [dispatch.throws] [run.stop]
    Reactor reactor;
    Source source{reading, [](Source& self, ReactorOps& by) {
                      if (self.calls == 1) {
                          throw std::out_of_range{"42"};
                      }
                      by.stop();
                  }};
    source.add_to(reactor);
    source.signal();

    EXPECT_THROW(static_cast<void>(reactor.run()), std::out_of_range);

    EXPECT_TRUE(reactor.run());
    EXPECT_EQ(source.calls, 2);
}

TEST(ReactorThrows, KeepAStopRequestOfTheThrowingHandlerForTheNextRun) {
    // [dispatch.throws] [run.stop]
    Reactor reactor;
    Source source{reading, [](Source&, ReactorOps& by) {
                      by.stop();
                      throw std::runtime_error{"stops and throws"};
                  }};
    source.add_to(reactor);
    source.signal();
    EXPECT_THROW(static_cast<void>(reactor.run()), std::runtime_error);

    EXPECT_TRUE(reactor.run());

    EXPECT_EQ(source.calls, 1);
}

TEST(ReactorThrows, CountTheThrowingHandlerAsCalledSoThatAFiredOneShotStaysFired) {
    // [dispatch.throws]
    Reactor reactor;
    Source source{reading_once, [](Source&, ReactorOps&) { throw std::runtime_error{"once"}; }};
    source.add_to(reactor);
    source.signal();
    EXPECT_THROW(static_cast<void>(poll(reactor)), std::runtime_error);

    EXPECT_EQ(poll(reactor), 0U);

    EXPECT_TRUE(reactor.modify(source, reading_once));
    EXPECT_THROW(static_cast<void>(poll(reactor)), std::runtime_error);
    EXPECT_EQ(source.calls, 2);
}

TEST(ReactorThrows, DropAPendingEventOfAOneShotSubscriberThatIsModifiedAndReportItOnce) {
    // [dispatch.throws] [modify.pending]
    Reactor reactor;
    Crowd crowd{reactor, 2, reading_once, [](std::size_t position, Source&, ReactorOps&) {
                    if (position == 0) {
                        throw std::runtime_error{"first"};
                    }
                }};
    crowd.signal_all();
    EXPECT_THROW(static_cast<void>(poll(reactor)), std::runtime_error);

    EXPECT_TRUE(reactor.modify(crowd.waiting(), reading_once));

    EXPECT_EQ(poll(reactor), 0U);  // the rest of the old batch
    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(poll(reactor), 0U);
}

TEST(ReactorThrows, AllowTheReactorToBeDestroyedOrClosedWithTheRestOfABatch) {
    // [dispatch.throws] [reactor.destroy] [reactor.close_and_extract]
    for (const bool release : {false, true}) {
        Reactor reactor;
        const Crowd crowd{reactor, 3, reading, [](std::size_t, Source&, ReactorOps&) {
                              throw std::runtime_error{"any"};
                          }};
        crowd.signal_all();
        EXPECT_THROW(static_cast<void>(poll(reactor)), std::runtime_error);
        if (release) {
            EXPECT_EQ(reactor.close_and_extract().value().size(), 3U);
            EXPECT_EQ(error_of(reactor.run_once()), std::errc::operation_canceled);
        }
    }
}

TEST(ReactorThrows, ThatDestroyedAnotherAtOnceLeaveNoCallIntoIt) {
    // [dispatch.throws] [remove.now]
    Reactor reactor;
    Crowd crowd{reactor, 3, reading};
    crowd.then = [&](std::size_t position, Source&, ReactorOps& by) {
        if (position == 0) {
            Source& victim = crowd.waiting();
            EXPECT_TRUE(by.remove_now(victim.name));
            EXPECT_EQ(victim.destroyed, 1);
            throw std::runtime_error{"after the removal"};
        }
    };
    crowd.signal_all();
    EXPECT_THROW(static_cast<void>(poll(reactor)), std::runtime_error);

    EXPECT_EQ(poll(reactor), 1U);

    EXPECT_EQ(reactor.stats().events_dropped, 1U);
}

}  // namespace
}  // namespace eventp::support

#endif
