// SPDX-License-Identifier: MIT
//
// The nth allocation of an operation on a child fails, n = 0, 1, 2 and so on until it succeeds.
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <eventp/eventp.hpp>

#include "support/allocations.hpp"
#include "support/children.hpp"
#include "support/forks.hpp"
#include "support/kernel_set.hpp"
#include "support/source.hpp"

#if defined(__cpp_exceptions)

namespace eventp::support {
namespace {

constexpr long nothing_leaked = 0;

/// The descriptors and children of this process.
struct Process {
    std::vector<int> descriptors = open_numbers();
    bool has_a_child = has_children();
    friend bool operator==(const Process&, const Process&) = default;
};

TEST(FailingAllocation, OfSpawnStartsNothing) {  // [child.spawn]
    std::optional<ChildProcess> child;
    const Command command{.program = "true",
                          .arguments = {"an argument that is longer than a string has room for"},
                          .environment = {{"NAME", "value"}},
                          .directory = "/",
                          .descriptors = {{0, BorrowedFd{1}}, {1, BorrowedFd{0}}}};
    const auto before = std::make_unique<Process>();

    const int allocations =
        fail_at_each_allocation([&] { child = ChildProcess::spawn(command).value(); },
                                [&] { EXPECT_EQ(Process{}, *before); }, nothing_leaked);

    EXPECT_GE(allocations, 5);
    EXPECT_EQ(child->wait(), ExitStatus::exited(0));
}

TEST(FailingAllocation, OfAdoptDoesNotAffectTheChild) {  // [child.adopt]
    const pid_t pid = ::fork();
    if (pid == 0) {
        ::_exit(7);
    }
    wait_for_zombie(pid);
    std::optional<ChildProcess> child;
    const auto before = std::make_unique<Process>();

    const int allocations =
        fail_at_each_allocation([&] { child = ChildProcess::adopt(pid).value(); },
                                [&] { EXPECT_EQ(Process{}, *before); }, nothing_leaked);

    EXPECT_EQ(allocations, 1);
    EXPECT_EQ(child->wait(), ExitStatus::exited(7));
}

TEST(FailingAllocation, OfARegistrationKillsTheChild) {  // [child.on_exit] [child.kill_and_wait]
    const Idle idle;
    Reactor reactor;
    // Moving the handler must not leak what it owns.
    const auto handler = [text = std::make_shared<std::string>("text")] {};
    int failures = 0;
    for (bool has_failed = true; has_failed; ++failures) {
        const std::size_t live = allocations().live;
        ChildProcess child = idle.start();
        const pid_t pid = child.pid();
        {
            const FailingNew failing{failures};
            try {
                EXPECT_TRUE(std::move(child).on_exit(handler).register_into(reactor));
            } catch (const std::bad_alloc&) {
                EXPECT_LE(allocations().live, live + 1) << "leaked more than a directory of rows";
            }
            has_failed = failing.has_failed();
        }
        EXPECT_EQ(is_unreaped(pid), !has_failed);
        EXPECT_EQ(reactor.stats().registered, has_failed ? 0U : 1U);
    }
    EXPECT_GE(failures, 2);
}

}  // namespace
}  // namespace eventp::support

#endif
