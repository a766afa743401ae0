// SPDX-License-Identifier: MIT
//
// Children of a process whose system calls fail, or are counted. Linked with --wrap.
#include <eventp/child.hpp>

#include <cerrno>
#include <csignal>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include <sys/ptrace.h>
#include <sys/syscall.h>

#include "fault/wrapped_syscall.hpp"
#include "support/children.hpp"
#include "support/source.hpp"

namespace {

bool kill_is_refused = false;

}  // namespace

extern "C" {
// NOLINTBEGIN(bugprone-reserved-identifier, readability-identifier-naming): names the linker makes.
int __real_kill(pid_t pid, int signal);
int __wrap_kill(pid_t pid, int signal) {
    if (kill_is_refused) {
        errno = EPERM;
        return -1;
    }
    return __real_kill(pid, signal);
}
// NOLINTEND(bugprone-reserved-identifier, readability-identifier-naming)
}

namespace eventp::support {
namespace {

/// Reaps the detached children of the test, which exit soon.
void reap_all() {
    while (ChildProcess::reap_detached() != 0) {
    }
    EXPECT_FALSE(has_children());
}

// --- children that cannot be killed, or watched -------------------------------------------------

class ChildNotKilled : public ::testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Errors, ChildNotKilled, ::testing::Values(ENOSYS, EPERM, EACCES, EINVAL),
                         [](const auto& test) { return "errno_" + std::to_string(test.param); });

TEST_P(ChildNotKilled, IsDetachedByItsDestructor) {  // [child.bounded]
    Idle idle;
    std::optional child{idle.start()};
    const pid_t pid = child->pid();
    const int waits = calls_of(SYS_ppoll);
    {
        const ReplacedSyscall refused{SYS_pidfd_send_signal, -GetParam()};
        child.reset();
    }
    EXPECT_EQ(calls_of(SYS_ppoll), waits) << "it waits for a child that it has not killed";
    EXPECT_TRUE(runs(pid));
    EXPECT_EQ(ChildProcess::reap_detached(), 1U);

    idle.end_all();
    reap_all();
}

TEST_P(ChildNotKilled, IsReapedByItsDestructorIfItHasExited) {  // [child.kill_and_wait]
    std::optional child{ChildProcess::spawn({.program = "true"}).value()};
    wait_for_zombie(child->pid());
    const ReplacedSyscall refused{SYS_pidfd_send_signal, -GetParam()};

    child.reset();

    EXPECT_FALSE(has_children());
}

TEST(ChildKilled, IsDetachedIfItDoesNotDieInTime) {  // [child.bounded]
    // With this option of its tracer, a child that was killed stops once more before it dies.
    TracedChild traced{LetsGo::by_exiting, PTRACE_O_TRACEEXIT};
    if (!traced.is_traced()) {
        traced.exit();
        GTEST_SKIP() << "one child may not trace another on this system";
    }
    std::optional child{ChildProcess::adopt(traced.pid()).value()};
    {
        const ReplacedSyscall the_time_has_passed{SYS_ppoll, 0};
        child.reset();
    }
    EXPECT_EQ(ChildProcess::reap_detached(), 1U);

    traced.let_go();
    reap_all();
}

TEST(ChildWithoutPidfd, IsKilledAndReapedLater) {  // [child.spawn]
    const Idle idle;
    {
        // The first call reserves a descriptor, which another thread then takes.
        const ReplacedSyscall none_left{SYS_pidfd_open, -EMFILE, /*passing=*/1};
        EXPECT_EQ(error_of(ChildProcess::spawn({.program = "sleep", .arguments = {"1000"}})),
                  std::errc::too_many_files_open);
        EXPECT_EQ(ChildProcess::reap_detached(), 1U) << "there is no descriptor to reap it through";
    }
    reap_all();
}

TEST(ChildWithoutPidfd, IsNotWaitedForIfItCannotBeKilled) {  // [child.spawn]
    Idle idle;
    {
        const ReplacedSyscall none_left{SYS_pidfd_open, -EMFILE, /*passing=*/1};
        kill_is_refused = true;
        EXPECT_EQ(error_of(ChildProcess::spawn(
                      {.program = "cat", .descriptors = {{0, BorrowedFd{idle.input()}}}})),
                  std::errc::too_many_files_open);
        kill_is_refused = false;
    }
    EXPECT_EQ(ChildProcess::reap_detached(), 1U);

    idle.end_all();
    reap_all();
}

// --- cost of detached children ------------------------------------------------------------------

/// The system calls of one operation each that checks detached children.
int calls_of_operations(const Idle& idle) {
    const int before = all_calls();
    std::optional exits{ChildProcess::spawn({.program = "true"}).value()};
    wait_for_zombie(exits->pid());
    EXPECT_TRUE(exits->status());
    exits.reset();
    std::optional killed{idle.start()};
    killed.reset();
    std::optional detached{idle.start(OnDestroy::detach)};
    detached.reset();
    EXPECT_FALSE(ChildProcess::adopt(::getpid()));
    return all_calls() - before;
}

TEST(ChildDetached, DoesNotAddToTheCostOfOthers) {  // [child.detach]
    Idle idle;
    const auto detach_more = [&idle](int count) {
        for (int i = 0; i < count; ++i) {
            static_cast<void>(idle.start(OnDestroy::detach));
        }
    };
    detach_more(10);
    const int with_ten = calls_of_operations(idle);
    detach_more(290);
    const int with_three_hundred = calls_of_operations(idle);

    EXPECT_EQ(with_ten, with_three_hundred);
    EXPECT_EQ(ChildProcess::reap_detached(), 302U);
    idle.end_all();
    reap_all();
}

}  // namespace
}  // namespace eventp::support
