// SPDX-License-Identifier: MIT
//
// Children in a real reactor: how they exit, and signals to them.
#include <eventp/child.hpp>

#include <array>
#include <chrono>
#include <csignal>
#include <map>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <eventp/eventp.hpp>

#include "support/children.hpp"
#include "support/forks.hpp"
#include "support/source.hpp"

namespace eventp::support {
namespace {

// --- exit ---------------------------------------------------------------------------------------

TEST(ChildInAReactor, IsReportedWithItsExitCode) {  // [child.on_exit] [child.status]
    EXPECT_EQ(run_until_exit(ChildProcess::spawn({.program = "true"}).value()),
              ExitStatus::exited(0));
    EXPECT_EQ(run_until_exit(ChildProcess::spawn(shell("exit 255")).value()),
              ExitStatus::exited(255));
}

TEST(ChildInAReactor, IsReportedWithTheSignalThatKilledIt) {  // [child.on_exit] [child.status]
    EXPECT_EQ(run_until_exit(ChildProcess::spawn(shell("kill -TERM $$")).value()),
              ExitStatus::signaled(SIGTERM, false));
    EXPECT_EQ(run_until_exit(ChildProcess::spawn(shell("ulimit -c 0; kill -SEGV $$")).value())
                  .value()
                  .signal(),
              SIGSEGV);
}

TEST(ChildInAReactor, IsReapedInTheTurnThatReportsItsExit) {  // [child.reaped]
    constexpr int children = 20;
    Reactor reactor;
    std::map<pid_t, int> codes;
    std::vector<pid_t> started;
    for (int code = 0; code < children; ++code) {
        auto child = ChildProcess::spawn(shell("exit " + std::to_string(code))).value();
        started.push_back(child.pid());
        const auto name =
            std::move(child)
                .on_exit([&](ExitStatus status, const ChildProcess& exited, ReactorOps& ops) {
                    EXPECT_FALSE(is_unreaped(exited.pid()));
                    codes[exited.pid()] = status.code().value_or(-1);
                    if (codes.size() == children) {
                        ops.stop();
                    }
                })
                .register_into(reactor);
        ASSERT_TRUE(name);
    }

    EXPECT_TRUE(reactor.run());

    for (int code = 0; code < children; ++code) {
        EXPECT_EQ(codes[started[static_cast<std::size_t>(code)]], code);
    }
    EXPECT_FALSE(has_children());
    EXPECT_EQ(reactor.stats().registered, 0U);
}

TEST(ChildInAReactor, IsNotReportedWhileItRuns) {  // [child.on_exit]
    Reactor reactor;
    Idle idle;
    int calls = 0;
    ASSERT_TRUE(idle.start()
                    .on_exit([&](ReactorOps& ops) {
                        ++calls;
                        ops.stop();
                    })
                    .register_into(reactor));

    EXPECT_EQ(poll(reactor), 0U);
    idle.end_all();
    EXPECT_TRUE(reactor.run());

    EXPECT_EQ(calls, 1);
    EXPECT_EQ(poll(reactor), 0U);
}

TEST(ChildInAReactor, IsFoundAndMaySpawnAnotherFromItsHandler) {  // [child.on_exit]
    Reactor reactor;
    int left = 5;
    std::function<Result<RegistrationId>(ReactorOps&)> start_one = [&](ReactorOps& with) {
        return ChildProcess::spawn({.program = "true"})
            .value()
            .on_exit([&](ExitStatus status, ReactorOps& ops) {
                EXPECT_TRUE(status.is_success());
                if (--left == 0) {
                    ops.stop();
                } else {
                    EXPECT_TRUE(start_one(ops));
                }
            })
            .register_into(with);
    };
    const auto name = start_one(reactor);
    ASSERT_TRUE(name);
    EXPECT_GT(reactor.find<ChildProcess>(*name)->pid(), 0);

    EXPECT_TRUE(reactor.run());

    EXPECT_EQ(left, 0);
}

TEST(Child, HasAStatusWithoutAReactor) {  // [child.status] [child.wait]
    Idle idle;
    ChildProcess child = idle.start();
    EXPECT_EQ(child.status(), std::nullopt);
    idle.end_all();

    EXPECT_EQ(child.wait(), ExitStatus::exited(0));

    EXPECT_EQ(child.status(), ExitStatus::exited(0));
    EXPECT_EQ(child.wait(), ExitStatus::exited(0));
    EXPECT_FALSE(is_unreaped(child.pid()));
}

TEST(Child, HasNoChildAfterItWasMovedFrom) {  // [child.status] [child.wait] [child.kill]
    Idle idle;
    ChildProcess child = idle.start();
    const pid_t pid = child.pid();
    const ChildProcess owner = std::move(child);

    EXPECT_EQ(owner.pid(), pid);
    EXPECT_EQ(child.pid(), -1);
    EXPECT_EQ(child.fd(), -1);
    EXPECT_EQ(child.status(), std::nullopt);
    EXPECT_EQ(error_of(child.wait()), std::errc::no_child_process);
    EXPECT_EQ(error_of(child.kill(SIGTERM)), std::errc::no_such_process);
    EXPECT_EQ(error_of(child.signaler()), std::errc::no_child_process);
}

// --- signals ------------------------------------------------------------------------------------

TEST(Child, ReceivesSignals) {  // [child.kill]
    const Idle idle;
    ChildProcess child = idle.start();
    EXPECT_TRUE(child.kill(0));
    EXPECT_EQ(error_of(child.kill(12'345)), std::errc::invalid_argument);

    EXPECT_TRUE(child.kill(SIGTERM));

    EXPECT_EQ(run_until_exit(std::move(child)), ExitStatus::signaled(SIGTERM, false));
}

TEST(Child, IsNoSuchProcessAfterItWasReapedAndNotBefore) {  // [child.kill]
    ChildProcess child = ChildProcess::spawn({.program = "true"}).value();
    wait_for_zombie(child.pid());
    EXPECT_TRUE(child.kill(SIGTERM));

    EXPECT_TRUE(child.wait());

    EXPECT_EQ(error_of(child.kill(SIGTERM)), std::errc::no_such_process);
}

TEST(ChildSignaler, ReachesAChildThatAReactorOwns) {  // [child.signaler]
    Reactor reactor;
    const Idle idle;
    ChildProcess child = idle.start();
    const ChildSignaler signaler = child.signaler().value();
    std::optional<ExitStatus> end;
    ASSERT_TRUE(std::move(child)
                    .on_exit([&end](ExitStatus status, ReactorOps& ops) {
                        end = status;
                        ops.stop();
                    })
                    .register_into(reactor));
    std::jthread other{[&signaler] { EXPECT_TRUE(signaler.kill(SIGKILL)); }};

    EXPECT_TRUE(reactor.run());

    EXPECT_EQ(end, ExitStatus::signaled(SIGKILL, false));
    other.join();
    EXPECT_EQ(error_of(signaler.kill(SIGKILL)), std::errc::no_such_process);
}

TEST(ChildSignaler, HasNoChildAfterItWasMovedFrom) {  // [child.signaler]
    const Idle idle;
    const ChildProcess child = idle.start();
    ChildSignaler signaler = child.signaler().value();
    const ChildSignaler owner = std::move(signaler);

    EXPECT_EQ(error_of(signaler.kill(SIGKILL)), std::errc::no_such_process);
    EXPECT_TRUE(runs(child.pid()));
    EXPECT_TRUE(owner.kill(0));
}

// --- other code that reaps
// ------------------------------------------------------------------------

TEST(ChildReapedByOtherCode, HasAnUnknownStatus) {  // [child.unknown]
    ChildProcess child = ChildProcess::spawn({.program = "true"}).value();
    ASSERT_TRUE(ended_well(child.pid()));  // calls waitpid(2)

    EXPECT_EQ(run_until_exit(std::move(child)), ExitStatus::unknown());
}

TEST(ChildReapedByTheKernel, HasAnUnknownStatusIfSigchldIsIgnored) {  // [child.unknown]
    struct sigaction before{};
    struct sigaction ignore{};
    ignore.sa_handler = SIG_IGN;
    ::sigaction(SIGCHLD, &ignore, &before);

    Idle idle;
    ChildProcess child = idle.start();
    idle.end_all();
    EXPECT_EQ(run_until_exit(std::move(child)), ExitStatus::unknown());

    {  // If it exits before its pidfd is opened, spawn() fails.
        auto quick = ChildProcess::spawn({.program = "true"});
        if (quick) {
            EXPECT_EQ(quick->wait(), ExitStatus::unknown());
        } else {
            EXPECT_EQ(quick.error(), std::errc::no_child_process);
        }
    }
    {
        const Idle another;
        const ChildProcess dropped = another.start();
    }  // the destructor returns
    ::sigaction(SIGCHLD, &before, nullptr);
}

}  // namespace
}  // namespace eventp::support
