// SPDX-License-Identifier: MIT
//
// A dead child that another process traces: its pidfd is readable, and it cannot be reaped.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <tuple>
#include <utility>

#include <gtest/gtest.h>

#include <sys/epoll.h>

#include <eventp/child.hpp>
#include <eventp/eventp.hpp>

#include "support/children.hpp"
#include "support/source.hpp"

namespace eventp::support {
namespace {

std::string name_of(LetsGo how) {
    return how == LetsGo::by_waiting ? "tracer_waits" : "tracer_exits";
}

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
                         [](const auto& test) { return name_of(test.param); });

TEST_P(ChildTraced, IsReportedAfterItsTracerHasReleasedIt) {  // [child.traced]
    die();

    traced_.let_go();

    EXPECT_EQ(child_.wait(), ExitStatus::exited(TracedChild::exit_code));
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

// --- in a reactor -------------------------------------------------------------------------------

/// Changes the registration of a child. Returns its id.
using Change = RegistrationId (*)(Reactor& reactor, RegistrationId id);

RegistrationId nothing_changed(Reactor& /*reactor*/, RegistrationId id) {
    return id;
}
RegistrationId registered_again(Reactor& reactor, RegistrationId id) {
    AnySubscriber subscriber = reactor.extract(id);
    return reactor.add(subscriber).value();
}
template <std::uint32_t interest>
RegistrationId modified(Reactor& reactor, RegistrationId id) {
    EXPECT_TRUE(reactor.modify(id, Interest{interest}));
    return id;
}
RegistrationId paused_and_resumed(Reactor& reactor, RegistrationId id) {
    EXPECT_TRUE(reactor.modify(id, nothing));
    EXPECT_EQ(poll(reactor), 0U);
    EXPECT_TRUE(reactor.modify(id, reading));
    return id;
}

struct Case {
    const char* name;
    Change change;
    std::size_t calls;  // the reactor makes at most, before the tracer lets the child go
};
std::ostream& operator<<(std::ostream& out, const Case& it) {
    return out << it.name;
}

class ChildTracedInAReactor : public ::testing::TestWithParam<std::tuple<Case, LetsGo>> {};
INSTANTIATE_TEST_SUITE_P(
    Changes, ChildTracedInAReactor,
    ::testing::Combine(::testing::Values(Case{"unchanged", &nothing_changed, 1},
                                         Case{"registered_again", &registered_again, 1},
                                         Case{"modified_to_level_triggered", &modified<EPOLLIN>, 2},
                                         Case{"modified_to_oneshot",
                                              &modified<EPOLLIN | EPOLLONESHOT>, 2},
                                         Case{"paused_and_resumed", &paused_and_resumed, 2}),
                       ::testing::Values(LetsGo::by_waiting, LetsGo::by_exiting)),
    [](const auto& test) {
        return std::string{std::get<0>(test.param).name} + "_" + name_of(std::get<1>(test.param));
    });

TEST_P(ChildTracedInAReactor, DoesNotMakeItSpinAndIsReportedOnce) {  // [child.traced]
    const auto& [each, how] = GetParam();
    constexpr int turns = 50;
    TracedChild traced{how};
    if (!traced.is_traced()) {
        traced.exit();
        GTEST_SKIP() << "one child may not trace another on this system";
    }
    Reactor reactor;
    std::optional<ExitStatus> status;
    RegistrationId id = ChildProcess::adopt(traced.pid())
                            .value()
                            .on_exit([&](ExitStatus reported, ReactorOps& ops) {
                                EXPECT_FALSE(status) << "called twice";
                                status = reported;
                                ops.stop();
                            })
                            .register_into(reactor)
                            .value();
    id = each.change(reactor, id);
    traced.exit();
    ASSERT_TRUE(becomes_readable(id.fd()));

    std::size_t calls = 0;
    for (int turn = 0; turn < turns; ++turn) {
        calls += poll(reactor);
    }

    EXPECT_LE(calls, each.calls);
    EXPECT_FALSE(status);
    traced.let_go();
    EXPECT_TRUE(reactor.run());
    EXPECT_EQ(status, ExitStatus::exited(TracedChild::exit_code));
    EXPECT_FALSE(reactor.contains(id));
    EXPECT_FALSE(is_unreaped(traced.pid()));
}

}  // namespace
}  // namespace eventp::support
