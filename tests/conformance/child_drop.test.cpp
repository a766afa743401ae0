// SPDX-License-Identifier: MIT
//
// Children whose owner is destroyed before they exit.
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <deque>
#include <optional>
#include <thread>
#include <utility>

#include <gtest/gtest.h>

#include <unistd.h>

#include <eventp/child.hpp>
#include <eventp/eventp.hpp>

#include "support/children.hpp"
#include "support/forks.hpp"
#include "support/source.hpp"

namespace eventp::support {
namespace {

// --- killed -------------------------------------------------------------------------------------

TEST(ChildDropped, IsKilledAndReapedByDefault) {  // [child.kill_and_wait]
    const Idle idle;
    pid_t pid = -1;
    {
        const ChildProcess child = idle.start();
        pid = child.pid();
        EXPECT_TRUE(runs(pid));
    }
    EXPECT_FALSE(is_unreaped(pid));
}

TEST(ChildDropped, IsKilledEvenIfItIgnoresSignalsOrIsStopped) {  // [child.kill_and_wait]
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

TEST(ChildDropped, IsReapedIfItHasExitedBefore) {  // [child.kill_and_wait]
    pid_t pid = -1;
    {
        const ChildProcess child = ChildProcess::spawn({.program = "true"}).value();
        pid = child.pid();
        wait_for_zombie(pid);
    }
    EXPECT_FALSE(is_unreaped(pid));
}

TEST(ChildDropped, IsKilledByAnAssignmentToItsOwner) {  // [child.kill_and_wait]
    const Idle idle;
    ChildProcess child = idle.start();
    const pid_t first = child.pid();

    child = idle.start();

    EXPECT_FALSE(is_unreaped(first));
    EXPECT_TRUE(runs(child.pid()));
}

TEST(ChildDropped, IsKilledWithItsReactorAndItsHandlerIsNotCalled) {
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

TEST(ChildDropped, IsKilledWhenItIsRemoved) {  // [child.kill_and_wait]
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

TEST(ChildDropped, IsDetachedIfItHasGotTheRightsOfAnotherUser) {  // [child.bounded] [child.kill]
    if (::geteuid() != 0) {
        GTEST_SKIP() << "only root can have children of another user";
    }
    EXPECT_TRUE(holds_in_child([] {
        ::alarm(10);  // ends a destructor that waits
        Idle idle;
        std::optional child{idle.start()};
        const pid_t pid = child->pid();
        constexpr uid_t nobody = 65534;
        if (::setresuid(nobody, nobody, nobody) != 0 ||
            error_of(child->kill(SIGKILL)) != std::errc::operation_not_permitted) {
            return false;
        }

        child.reset();

        const bool is_detached = runs(pid) && ChildProcess::reap_detached() == 1;
        idle.end_all();
        wait_for_zombie(pid);
        return is_detached && ChildProcess::reap_detached() == 0 && !is_unreaped(pid);
    }));
}

// --- detached -----------------------------------------------------------------------------------

TEST(ChildDetached, ContinuesToRunAndIsReapedAfterItHasExited) {  // [child.detach]
    Idle idle;
    pid_t pid = -1;
    {
        const ChildProcess child = idle.start(detach);
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

TEST(ChildDetached, ContinuesToRunIfTheReactorThatOwnsItIsDestroyed) {  // [child.detach]
    Idle idle;
    pid_t pid = -1;
    {
        Reactor reactor;
        ChildProcess child = idle.start(detach);
        pid = child.pid();
        ASSERT_TRUE(std::move(child).on_exit([] { FAIL(); }).register_into(reactor));
    }
    EXPECT_TRUE(runs(pid));

    idle.end_all();
    wait_for_zombie(pid);
    EXPECT_EQ(ChildProcess::reap_detached(), 0U);
}

TEST(ChildDetached, IsReapedByASpawn) {  // [child.detach]
    Idle idle;
    const pid_t pid = idle.start(detach).pid();
    idle.end_all();
    wait_for_zombie(pid);

    const auto next = ChildProcess::spawn({.program = "true"});

    EXPECT_FALSE(is_unreaped(pid));
}

TEST(ChildDetached, IsReapedByTheExitOfAnother) {  // [child.detach]
    Idle idle;
    ChildProcess other = ChildProcess::spawn({.program = "true"}).value();
    const pid_t pid = idle.start(detach).pid();
    idle.end_all();
    wait_for_zombie(pid);
    wait_for_zombie(other.pid());

    EXPECT_EQ(other.status(), ExitStatus::exited(0));

    EXPECT_FALSE(is_unreaped(pid));
}

TEST(ChildDetached, IsReapedByItsDestructorIfItHasExited) {  // [child.detach]
    pid_t pid = -1;
    {
        const ChildProcess child = ChildProcess::spawn({.program = "true"}, detach).value();
        pid = child.pid();
        wait_for_zombie(pid);
    }
    EXPECT_FALSE(is_unreaped(pid));
}

TEST(ChildDetached, IsReapedInTurnWithAllOthers) {  // [child.detach]
    constexpr std::size_t count = 30;
    Idle runs_on;
    Idle exits;
    std::deque<pid_t> pids;
    for (std::size_t i = 0; i < count; ++i) {
        static_cast<void>(runs_on.start(detach));
        pids.push_back(exits.start(detach).pid());
    }
    EXPECT_EQ(ChildProcess::reap_detached(), 2 * count);
    exits.end_all();
    for (const pid_t pid : pids) {
        wait_for_zombie(pid);
    }

    // Each of these calls checks a few.
    for (std::size_t i = 0; i < count; ++i) {
        EXPECT_FALSE(ChildProcess::adopt(::getpid()));
    }

    for (const pid_t pid : pids) {
        EXPECT_FALSE(is_unreaped(pid));
    }
    EXPECT_EQ(ChildProcess::reap_detached(), count);
    runs_on.end_all();
    while (ChildProcess::reap_detached() != 0) {
    }
}

TEST(ChildDetached, IsNotLostWhenSeveralThreadsDetachAndReap) {  // [child.detach]
    constexpr std::size_t threads = 2;
    constexpr std::size_t count = 100;  // of each thread
    Idle idle;
    std::array<std::deque<ChildProcess>, threads> children;
    for (auto& each : children) {
        for (std::size_t i = 0; i < count; ++i) {
            each.push_back(idle.start(detach));
        }
    }
    {
        std::atomic<std::size_t> running{threads};
        std::deque<std::jthread> others;
        for (auto& each : children) {
            others.emplace_back([&each, &running] {
                while (!each.empty()) {
                    each.pop_front();
                    static_cast<void>(ChildProcess::reap_detached());
                }
                --running;
            });
        }
        while (running != 0) {
            static_cast<void>(ChildProcess::reap_detached());
        }
    }
    EXPECT_EQ(ChildProcess::reap_detached(), threads * count);

    idle.end_all();
    while (ChildProcess::reap_detached() != 0) {
    }
    EXPECT_FALSE(has_children());
}

// --- errno --------------------------------------------------------------------------------------

TEST(ChildDropped, DoesNotChangeErrno) {  // [child.errno]
    Idle idle;
    std::optional killed{idle.start()};
    std::optional detached{idle.start(detach)};
    std::optional exited{ChildProcess::spawn({.program = "true"}).value()};
    wait_for_zombie(exited->pid());
    std::optional lost{ChildProcess::spawn({.program = "true"}).value()};
    ASSERT_TRUE(ended_well(lost->pid()));

    for (std::optional<ChildProcess>* each : {&killed, &detached, &exited, &lost}) {
        errno = 1234;
        each->reset();
        EXPECT_EQ(errno, 1234);
    }

    idle.end_all();
    while (ChildProcess::reap_detached() != 0) {
    }
}

}  // namespace
}  // namespace eventp::support
