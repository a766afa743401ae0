// SPDX-License-Identifier: MIT
//
// A dead child that another process traces: its pidfd is readable, and it cannot be reaped.
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>

#include <gtest/gtest.h>

#include <eventp/child.hpp>
#include <eventp/eventp.hpp>

#include "support/children.hpp"
#include "support/source.hpp"
#include "support/traced_child.hpp"

namespace eventp::support {
namespace {

class ChildTraced : public ::testing::TestWithParam<LetsGo> {
protected:
    void SetUp() override {
        if (!traced_.is_traced()) {
            traced_.exit();
            GTEST_SKIP() << "one child may not trace another on this system";
        }
    }
    /// The child dies; its tracer does not wait for it.
    void die() {
        traced_.exit();
        ASSERT_TRUE(becomes_readable(child_.fd()));
        ASSERT_EQ(child_.status(), std::nullopt);
    }

    TracedChild traced_{GetParam()};
    ChildProcess child_ = ChildProcess::adopt(traced_.pid()).value();
};
INSTANTIATE_TEST_SUITE_P(Tracer, ChildTraced,
                         ::testing::Values(LetsGo::by_waiting, LetsGo::by_exiting),
                         [](const auto& test) {
                             return test.param == LetsGo::by_waiting ? "waits" : "exits";
                         });

TEST_P(ChildTraced, IsReportedOnceItsTracerHasLetItGo) {  // [child.traced]
    die();

    traced_.let_go();

    EXPECT_EQ(child_.wait(), ExitStatus::exited(TracedChild::exit_code));
    EXPECT_FALSE(is_unreaped(traced_.pid()));
}

TEST_P(ChildTraced, DoesNotMakeAReactorSpin) {  // [child.traced]
    constexpr int turns = 50;
    using Change = std::function<RegistrationId(Reactor&, RegistrationId)>;
    const auto registered_again = [](Reactor& reactor, RegistrationId id) {
        AnySubscriber subscriber = reactor.extract(id);
        return reactor.add(subscriber).value();
    };
    const auto modified_to = [](Interest interest) -> Change {
        return [interest](Reactor& reactor, RegistrationId id) {
            EXPECT_TRUE(reactor.modify(id, interest));
            return id;
        };
    };
    const auto resumed = [](Reactor& reactor, RegistrationId id) {
        EXPECT_TRUE(reactor.modify(id, Interest{}));
        EXPECT_EQ(poll(reactor), 0U);
        EXPECT_TRUE(reactor.modify(id, reading));
        return id;
    };
    Reactor reactor;
    std::optional<ExitStatus> status;
    RegistrationId id = std::move(child_)
                            .on_exit([&](ExitStatus reported, ReactorOps& ops) {
                                EXPECT_FALSE(status) << "called twice";
                                status = reported;
                                ops.stop();
                            })
                            .register_into(reactor)
                            .value();
    traced_.exit();
    ASSERT_TRUE(becomes_readable(id.fd()));

    for (const Change& change : {Change{}, Change{registered_again}, modified_to(reading),
                                 modified_to(reading_once), Change{resumed}}) {
        if (change) {
            id = change(reactor, id);
        }
        std::size_t calls = 0;
        for (int turn = 0; turn < turns; ++turn) {
            calls += poll(reactor);
        }
        EXPECT_LE(calls, 2U);
        EXPECT_FALSE(status);
    }

    traced_.let_go();
    EXPECT_TRUE(reactor.run());
    EXPECT_EQ(status, ExitStatus::exited(TracedChild::exit_code));
    EXPECT_FALSE(reactor.contains(id));
    EXPECT_FALSE(is_unreaped(traced_.pid()));
}

TEST_P(ChildTraced, IsDetachedByADestructorThatFindsItDead) {  // [child.bounded]
    die();

    {
        const ChildProcess destroyed = std::move(child_);
    }

    EXPECT_TRUE(is_unreaped(traced_.pid()));
    EXPECT_EQ(ChildProcess::reap_detached(), 1U);
    traced_.let_go();
    EXPECT_EQ(ChildProcess::reap_detached(), 0U);
    EXPECT_FALSE(is_unreaped(traced_.pid()));
}

TEST_P(ChildTraced, IsDetachedByADestructorThatKillsIt) {  // [child.bounded]
    {
        const ChildProcess destroyed = std::move(child_);
    }

    EXPECT_EQ(ChildProcess::reap_detached(), 1U);
    traced_.let_go();
    EXPECT_EQ(ChildProcess::reap_detached(), 0U);
    EXPECT_FALSE(is_unreaped(traced_.pid()));
}

}  // namespace
}  // namespace eventp::support
