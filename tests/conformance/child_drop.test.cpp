// SPDX-License-Identifier: MIT
//
// Children whose owner goes first, and children of a parent that forks.
#include <csignal>
#include <memory>
#include <optional>
#include <utility>

#include <gtest/gtest.h>

#include <unistd.h>

#include <eventp/child.hpp>
#include <eventp/eventp.hpp>

#include "support/child.hpp"
#include "support/children.hpp"
#include "support/source.hpp"

namespace eventp::support {
namespace {

constexpr auto leave = OnDestroy::detach;

/// It is there, and not a zombie.
bool runs(pid_t pid) {
    siginfo_t info{};
    return ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == 0;
}

// --- killed -------------------------------------------------------------------------------------

TEST(ChildDropped, IsKilledAndReapedUnlessSaidOtherwise) {  // [child.kill_and_wait]
    const Idle idle;
    pid_t pid = -1;
    {
        const ChildProcess child = idle.start();
        pid = child.pid();
        EXPECT_TRUE(runs(pid));
    }
    EXPECT_FALSE(is_unreaped(pid));
}

TEST(ChildDropped, IsKilledAlsoWhenItIgnoresSignalsOrIsStopped) {  // [child.kill_and_wait]
    Pipe ready;
    Command command = shell("trap '' TERM INT HUP; echo; kill -STOP $$; cat");
    command.descriptors[1] = BorrowedFd{ready.write.fd()};
    pid_t pid = -1;
    {
        const ChildProcess child = ChildProcess::spawn(command).value();
        pid = child.pid();
        ASSERT_TRUE(becomes_readable(ready.read.fd()));
    }
    EXPECT_FALSE(is_unreaped(pid));
}

TEST(ChildDropped, IsReapedWhenItHasEndedAlready) {  // [child.kill_and_wait]
    pid_t pid = -1;
    {
        const ChildProcess child = ChildProcess::spawn({.program = "true"}).value();
        pid = child.pid();
        wait_for_zombie(pid);
    }
    EXPECT_FALSE(is_unreaped(pid));
}

TEST(ChildDropped, EndsWithTheObjectThatIsAssignedTo) {  // [child.kill_and_wait]
    const Idle idle;
    ChildProcess child = idle.start();
    const pid_t first = child.pid();

    child = idle.start();

    EXPECT_FALSE(is_unreaped(first));
    EXPECT_TRUE(runs(child.pid()));
}

TEST(ChildDropped, EndsWithTheReactorThatOwnsItAndItsHandlerIsNotCalled) {
    // [child.kill_and_wait]
    const Idle idle;
    pid_t pid = -1;
    {
        Reactor reactor;
        ChildProcess child = idle.start();
        pid = child.pid();
        ASSERT_TRUE(std::move(child).on_exit([] { FAIL(); }).register_into(reactor));
        EXPECT_TRUE(runs(pid));
    }
    EXPECT_FALSE(is_unreaped(pid));
}

TEST(ChildDropped, EndsWithItsRegistration) {  // [child.kill_and_wait]
    const Idle idle;
    Reactor reactor;
    ChildProcess child = idle.start();
    const pid_t pid = child.pid();
    const auto name = std::move(child).on_exit([] { FAIL(); }).register_into(reactor);
    ASSERT_TRUE(name);

    EXPECT_TRUE(reactor.remove(*name));

    EXPECT_FALSE(is_unreaped(pid));
}

TEST(ChildDropped, IsKilledWhenTheReactorRefusesIt) {  // [child.kill_and_wait]
    const Idle idle;
    Reactor reactor;
    ASSERT_TRUE(reactor.close_and_extract());
    ChildProcess child = idle.start();
    const pid_t pid = child.pid();

    EXPECT_FALSE(std::move(child).on_exit([] {}).register_into(reactor));

    EXPECT_FALSE(is_unreaped(pid));
}

TEST(ChildDropped, IsLeftWhenItMayNotBeKilledAnyMore) {  // [child.kill_and_wait] [child.kill]
    if (::geteuid() != 0) {
        GTEST_SKIP() << "only root can have children of another user";
    }
    EXPECT_TRUE(in_child([] {
        ::alarm(10);  // a destructor that waits is ended; the child of this one reads its end then
        Idle idle;
        std::optional child{idle.start()};
        const pid_t pid = child->pid();
        constexpr uid_t nobody = 65534;
        if (::setresuid(nobody, nobody, nobody) != 0 ||
            error_of(child->kill(SIGKILL)) != std::errc::operation_not_permitted) {
            return false;
        }

        child.reset();

        const bool is_left = runs(pid) && ChildProcess::reap_detached() == 1;
        idle.end_all();
        wait_for_zombie(pid);
        return is_left && ChildProcess::reap_detached() == 0 && !is_unreaped(pid);
    }));
}

// --- left ---------------------------------------------------------------------------------------

TEST(ChildLeft, RunsOnAndIsReapedOnceItHasEnded) {  // [child.detach]
    Idle idle;
    pid_t pid = -1;
    {
        const ChildProcess child = idle.start(leave);
        pid = child.pid();
    }
    EXPECT_TRUE(runs(pid));
    EXPECT_EQ(ChildProcess::reap_detached(), 1U);
    EXPECT_TRUE(runs(pid));

    idle.end_all();
    wait_for_zombie(pid);
    EXPECT_EQ(ChildProcess::reap_detached(), 0U);
    EXPECT_FALSE(is_unreaped(pid));
}

TEST(ChildLeft, RunsOnWhenTheReactorThatOwnsItIsDestroyed) {  // [child.detach]
    Idle idle;
    pid_t pid = -1;
    {
        Reactor reactor;
        ChildProcess child = idle.start(leave);
        pid = child.pid();
        ASSERT_TRUE(std::move(child).on_exit([] { FAIL(); }).register_into(reactor));
    }
    EXPECT_TRUE(runs(pid));

    idle.end_all();
    wait_for_zombie(pid);
    EXPECT_EQ(ChildProcess::reap_detached(), 0U);
}

TEST(ChildLeft, IsReapedByTheNextSpawn) {  // [child.detach]
    Idle idle;
    const pid_t pid = idle.start(leave).pid();
    idle.end_all();
    wait_for_zombie(pid);

    const auto next = ChildProcess::spawn({.program = "true"});

    EXPECT_FALSE(is_unreaped(pid));
}

TEST(ChildLeft, IsReapedByTheEndOfAnother) {  // [child.detach]
    Idle idle;
    ChildProcess other = ChildProcess::spawn({.program = "true"}).value();
    const pid_t pid = idle.start(leave).pid();
    idle.end_all();
    wait_for_zombie(pid);
    wait_for_zombie(other.pid());

    EXPECT_EQ(other.status(), ExitStatus::exited(0));

    EXPECT_FALSE(is_unreaped(pid));
}

TEST(ChildLeft, IsReapedAtOnceWhenItHasEndedAlready) {  // [child.detach]
    pid_t pid = -1;
    {
        const ChildProcess child = ChildProcess::spawn({.program = "true"}, leave).value();
        pid = child.pid();
        wait_for_zombie(pid);
    }
    EXPECT_FALSE(is_unreaped(pid));
}

// --- fork ---------------------------------------------------------------------------------------

class ChildFork : public ::testing::TestWithParam<Fork> {};
INSTANTIATE_TEST_SUITE_P(Ways, ChildFork, ::testing::Values(Fork::fork, Fork::raw_clone),
                         [](const auto& way) {
                             return way.param == Fork::fork ? "fork" : "raw_clone";
                         });

TEST_P(ChildFork, LeavesTheParentsChildrenAlone) {  // [child.fork]
    const Idle idle;
    std::optional child{idle.start()};
    const ChildSignaler killer = child->signaler().value();

    EXPECT_TRUE(in_child(
        [&] {
            constexpr auto error = std::errc::no_child_process;
            const bool inert = error_of(child->kill(SIGKILL)) == error &&
                               error_of(killer.kill(SIGKILL)) == error &&
                               error_of(child->signaler()) == error &&
                               error_of(child->wait()) == error && !child->status();
            child.reset();
            return inert;
        },
        GetParam()));

    EXPECT_TRUE(runs(child->pid()));
    EXPECT_EQ(child->status(), std::nullopt);
}

TEST_P(ChildFork, DestroysTheCopiesAtATakeoverAndNotTheChildren) {  // [child.fork]
    Reactor reactor;
    Idle idle;
    std::optional<ExitStatus> end;
    ChildProcess child = idle.start();
    const pid_t pid = child.pid();
    const auto name = std::move(child)
                          .on_exit([&](ExitStatus status, ReactorOps& ops) {
                              end = status;
                              ops.stop();
                          })
                          .register_into(reactor);
    ASSERT_TRUE(name);

    EXPECT_TRUE(in_child(
        [&] {
            // The child has children of its own, and they are watched.
            return reactor.reinit_after_fork() && !reactor.contains(*name) &&
                   ChildProcess::spawn({.program = "true"})
                       .value()
                       .on_exit([&](ExitStatus status, ReactorOps& ops) {
                           end = status;
                           ops.stop();
                       })
                       .register_into(reactor) &&
                   reactor.run() && end == ExitStatus::exited(0);
        },
        GetParam()));

    EXPECT_TRUE(runs(pid));
    idle.end_all();
    EXPECT_TRUE(reactor.run());
    EXPECT_EQ(end, ExitStatus::exited(0));
}

TEST_P(ChildFork, ForgetsWhatTheParentHasLeftToTheReaper) {  // [child.fork]
    Idle idle;
    const pid_t pid = idle.start(leave).pid();

    EXPECT_TRUE(in_child([] { return ChildProcess::reap_detached() == 0; }, GetParam()));

    EXPECT_EQ(ChildProcess::reap_detached(), 1U);
    EXPECT_TRUE(runs(pid));
    idle.end_all();
    wait_for_zombie(pid);
    EXPECT_EQ(ChildProcess::reap_detached(), 0U);
}

}  // namespace
}  // namespace eventp::support
