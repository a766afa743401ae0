// SPDX-License-Identifier: MIT
//
// How a forked child is detected: if the kernel refuses MADV_WIPEONFORK, and if the child has the
// pid of its parent.
#include <cerrno>

#include <gtest/gtest.h>

#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include <eventp/child.hpp>
#include <eventp/timer.hpp>

#include "support/files.hpp"
#include "support/forks.hpp"
#include "support/source.hpp"

namespace {
int madvise_refusals = 0;
}

// NOLINTBEGIN: the names are the linker's
extern "C" int __real_madvise(void* address, size_t length, int advice);
extern "C" int __wrap_madvise(void* address, size_t length, int advice) {
    if (advice == MADV_WIPEONFORK) {
        ++madvise_refusals;
        errno = EINVAL;
        return -1;
    }
    return __real_madvise(address, length, advice);
}
// NOLINTEND

namespace eventp::support {
namespace {

/// A reactor, its timers and a child process of the parent refuse to work in a forked child.
void expect_refusals_in_child(Reactor& reactor, Timers& timers, const ChildSignaler& signaler) {
    EXPECT_EQ(error_of(reactor.run_once()), std::errc::no_child_process);
    EXPECT_EQ(error_of(timers.after(std::chrono::seconds{1}, [] {})), std::errc::no_child_process);
    EXPECT_EQ(error_of(signaler.kill(0)), std::errc::no_child_process);
    EXPECT_TRUE(reactor.reinit_after_fork());
    EXPECT_EQ(poll(reactor), 0U);
    EXPECT_TRUE(timers.after(std::chrono::seconds{1}, [] {}));
}

TEST(ForkDetection, WorksIfTheKernelRefusesToClearMemory) {  // [fork.guard]
    Reactor reactor;
    auto timers = Timers::create(reactor).value();
    auto cat = ChildProcess::spawn({.program = "cat"}).value();
    const auto signaler = cat.signaler().value();
    ASSERT_GE(madvise_refusals, 1);

    EXPECT_TRUE(holds_in_child([&] { expect_refusals_in_child(reactor, timers, signaler); }));

    EXPECT_EQ(poll(reactor), 0U);
    EXPECT_TRUE(signaler.kill(0));
}

TEST(ForkDetection, DetectsAGrandchildWhoseParentUsedNothing) {  // [fork.guard]
    Reactor reactor;

    EXPECT_TRUE(holds_in_child([&] {
        return holds_in_child(
            [&] { EXPECT_EQ(error_of(reactor.run_once()), std::errc::no_child_process); });
    }));
}

TEST(ForkDetection, DetectsAChildWithTheProcessIdOfItsParent) {  // [fork.guard]
    const auto first_in_a_new_namespace = [](auto body) {
        if (::unshare(CLONE_NEWPID) < 0) {
            return true;  // not permitted here: there is nothing to test
        }
        return holds_in_child([&] {
            EXPECT_EQ(::getpid(), 1);
            body();
        });
    };
    // In a child, so that the later children of this process stay in its own namespace.
    EXPECT_TRUE(holds_in_child([&] {
        return first_in_a_new_namespace([&] {
            Reactor reactor;
            auto timers = Timers::create(reactor).value();
            auto cat = ChildProcess::spawn({.program = "cat"}).value();
            const auto signaler = cat.signaler().value();
            EXPECT_TRUE(first_in_a_new_namespace(
                [&] { expect_refusals_in_child(reactor, timers, signaler); }));
        });
    }));
}

}  // namespace
}  // namespace eventp::support
