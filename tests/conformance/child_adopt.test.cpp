// SPDX-License-Identifier: MIT
//
// Children that spawn() did not start.
#include <csignal>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include <gtest/gtest.h>

#include <sys/syscall.h>
#include <unistd.h>

#include <eventp/child.hpp>

#include "support/children.hpp"
#include "support/forks.hpp"
#include "support/source.hpp"

namespace eventp::support {
namespace {

TEST(ChildAdopted, IsReportedLikeASpawnedOne) {  // [child.adopt]
    const pid_t pid = ::fork();
    if (pid == 0) {
        ::_exit(7);
    }
    ChildProcess child = ChildProcess::adopt(pid).value();
    EXPECT_EQ(child.pid(), pid);

    EXPECT_EQ(run_until_exit(std::move(child)), ExitStatus::exited(7));

    EXPECT_FALSE(is_unreaped(pid));
}

TEST(ChildAdopted, MayHaveExitedBefore) {  // [child.adopt]
    const pid_t pid = ::fork();
    if (pid == 0) {
        ::_exit(7);
    }
    wait_for_zombie(pid);

    EXPECT_EQ(run_until_exit(ChildProcess::adopt(pid).value()), ExitStatus::exited(7));
}

TEST(ChildAdopted, MustBeAnUnreapedChildOfThisProcess) {  // [child.adopt]
    EXPECT_EQ(error_of(ChildProcess::adopt(0)), std::errc::invalid_argument);
    EXPECT_EQ(error_of(ChildProcess::adopt(-1)), std::errc::invalid_argument);
    EXPECT_EQ(error_of(ChildProcess::adopt(::getpid())), std::errc::no_child_process);
    EXPECT_EQ(error_of(ChildProcess::adopt(::getppid())), std::errc::no_child_process);

    const pid_t pid = ::fork();
    if (pid == 0) {
        ::_exit(0);
    }
    ASSERT_TRUE(ended_well(pid));
    EXPECT_EQ(error_of(ChildProcess::adopt(pid)), std::errc::no_such_process);
}

/// Makes a child with that exit signal, as clone(2) does, that exits with 7 at once or never.
enum class Exits : bool { never, at_once };
pid_t clone_with(int exit_signal, Exits when) {
    const auto pid = static_cast<pid_t>(::syscall(SYS_clone, exit_signal, 0, 0, 0, 0));
    if (pid == 0) {
        while (when == Exits::never) {
            ::pause();
        }
        ::_exit(7);
    }
    return pid;
}

class ChildWithExitSignal : public ::testing::TestWithParam<int> {
protected:
    void SetUp() override { before_ = ::signal(SIGUSR1, SIG_IGN); }
    void TearDown() override {
        ::signal(SIGUSR1, before_);
        EXPECT_FALSE(has_children());
    }

private:
    void (*before_)(int) = SIG_DFL;
};
INSTANTIATE_TEST_SUITE_P(Signals, ChildWithExitSignal, ::testing::Values(0, SIGCHLD, SIGUSR1),
                         [](const auto& test) { return "signal_" + std::to_string(test.param); });

TEST_P(ChildWithExitSignal, IsReportedToAReactor) {  // [child.adopt]
    ChildProcess child = ChildProcess::adopt(clone_with(GetParam(), Exits::at_once)).value();
    EXPECT_EQ(run_until_exit(std::move(child)), ExitStatus::exited(7));
}

TEST_P(ChildWithExitSignal, IsWaitedFor) {  // [child.adopt] [child.wait]
    ChildProcess child = ChildProcess::adopt(clone_with(GetParam(), Exits::at_once)).value();
    EXPECT_EQ(child.wait(), ExitStatus::exited(7));
}

TEST_P(ChildWithExitSignal, IsKilledByItsDestructor) {  // [child.adopt] [child.kill_and_wait]
    EXPECT_TRUE(ChildProcess::adopt(clone_with(GetParam(), Exits::never)));
}

TEST_P(ChildWithExitSignal, IsReapedAfterItWasDetached) {  // [child.adopt] [child.detach]
    ChildProcess child =
        ChildProcess::adopt(clone_with(GetParam(), Exits::never), OnDestroy::detach).value();
    const ChildSignaler signaler = child.signaler().value();
    const pid_t pid = child.pid();
    {
        const ChildProcess destroyed = std::move(child);
    }
    EXPECT_EQ(ChildProcess::reap_detached(), 1U);
    EXPECT_TRUE(runs(pid));

    EXPECT_TRUE(signaler.kill(SIGKILL));
    while (ChildProcess::reap_detached() != 0) {
    }
}

TEST(ChildAdopted, IsNotAThread) {  // [child.adopt]
    std::jthread{[] {
        const auto adopted = ChildProcess::adopt(::gettid());
        EXPECT_TRUE(error_of(adopted) == std::errc::no_such_file_or_directory ||
                    error_of(adopted) == std::errc::invalid_argument)
            << error_of(adopted).message();
    }}.join();
}

}  // namespace
}  // namespace eventp::support
