// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <csignal>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include "fault/refusal.hpp"
#include "support/children.hpp"
#include "support/files.hpp"
#include "support/forks.hpp"
#include "support/source.hpp"

/// Scenarios for refusals.test.cpp that have children. Each runs in a process of its own.
namespace eventp::support {

/// One turn that does not wait. Returns whether it worked.
inline bool turn(const Sandbox& sandbox, Reactor& reactor) {
    return sandbox.check(Operation::wait, reactor.run_once(std::chrono::seconds{0}));
}

/// Returns whether it worked. A refused subscriber stays the caller's.
inline bool add(const Sandbox& sandbox, Reactor& reactor, AnySubscriber& subscriber,
                RegistrationId& id) {
    const auto before = reactor.stats().registered;
    const auto added = reactor.add(subscriber);
    EXPECT_EQ(static_cast<bool>(subscriber), !added);
    EXPECT_EQ(reactor.stats().registered, before + (added ? 1 : 0));
    id = added.value_or(RegistrationId{});
    return sandbox.check(Operation::add, added);
}

/// The C library calls dup2(2) for the descriptor, and chdir(2).
[[nodiscard]] inline Command command(const char* program, int input) {
    return {.program = program,
            .directory = "/",
            .descriptors = {{0, BorrowedFd{input}}, {7, BorrowedFd{input}}}};
}

/// A child that is refused was not started.
inline std::optional<ChildProcess> start(const Sandbox& sandbox, const Command& command,
                                         OnDestroy on_destroy = OnDestroy::kill_and_wait) {
    const bool had_children = has_children();
    auto child = ChildProcess::spawn(command, on_destroy);
    if (!sandbox.check(Operation::spawn, child)) {
        EXPECT_EQ(has_children(), had_children);
        return std::nullopt;
    }
    return std::move(*child);
}

inline void wait_for_exit(const Sandbox& sandbox, ChildProcess& child) {
    const auto status = child.wait();
    if (sandbox.check(Operation::collect, status) && !sandbox.breaks_programs()) {
        EXPECT_EQ(*status, ExitStatus::exited(0));
    }
}

/// Reaps what was detached; by other means what the library may not reap.
inline void reap_all(const Sandbox& sandbox) {
    while (ChildProcess::reap_detached() != 0 && !sandbox.affects(Operation::collect)) {
    }
    if (sandbox.affects(Operation::collect)) {
        while (::waitpid(-1, nullptr, __WALL) > 0) {
        }
    }
}

/// A reactor reports the exit.
inline void report_exit(const Sandbox& sandbox, ChildProcess child) {
    auto reactor = Reactor::create();
    if (!sandbox.check(Operation::create_reactor, reactor)) {
        return;
    }
    std::optional<ExitStatus> reported;
    AnySubscriber subscriber =
        std::move(child).on_exit([&reported](ExitStatus status) { reported = status; }).build();
    RegistrationId id;
    if (!add(sandbox, *reactor, subscriber, id)) {
        return;
    }
    if (sandbox.check(Operation::wait_for, reactor->run_once(std::chrono::seconds{20}))) {
        EXPECT_EQ(reported.has_value(), !sandbox.affects(Operation::collect));
    }
}

inline void started_children(Sandbox& sandbox) {
    Idle idle;
    const int input = idle.input();
    sandbox.first();
    auto runs_on = start(sandbox, command("/bin/cat", input));
    auto detached = start(sandbox, command("/bin/cat", input), OnDestroy::detach);
    auto exits = start(sandbox, command("/bin/true", input));
    auto reported = start(sandbox, command("/bin/true", input));
    sandbox.later();
    if (auto child = start(sandbox, command("/bin/true", input))) {
        wait_for_exit(sandbox, *child);
    }
    if (exits) {
        wait_for_exit(sandbox, *exits);
    }
    if (reported) {
        report_exit(sandbox, std::move(*reported));
    }
    if (runs_on) {
        sandbox.check(Operation::kill, runs_on->kill(SIGCONT));
        sandbox.check(Operation::signaler, runs_on->signaler());
        EXPECT_EQ(runs_on->status().has_value(), false);
    }
    exits.reset();
    reported.reset();
    runs_on.reset();
    detached.reset();
    idle.end_all();
    reap_all(sandbox);
}

inline void adopted_child(Sandbox& sandbox) {
    const pid_t pid = ::fork();
    if (pid == 0) {
        ::_exit(3);
    }
    sandbox.first();
    auto child = ChildProcess::adopt(pid);
    if (!sandbox.check(Operation::adopt, child)) {
        int status = 0;
        EXPECT_EQ(::waitpid(pid, &status, 0), pid) << "it is still the caller's";
        EXPECT_EQ(WEXITSTATUS(status), 3);
        return;
    }
    sandbox.later();
    const auto status = child->wait();
    if (sandbox.check(Operation::collect, status)) {
        EXPECT_EQ(*status, ExitStatus::exited(3));
    }
    {
        const ChildProcess destroyed = std::move(*child);
    }
    reap_all(sandbox);
}

/// A subscriber that a forked child keeps.
struct Kept {
    explicit Kept(int& count) : calls{count} {}
    [[nodiscard]] int fd() const { return file.fd(); }
    [[nodiscard]] static Interest interest() { return reading; }
    void handle() const { ++calls; }
    void after_fork(ReactorOps& /*reactor*/) const {}

    int& calls;
    OwnedFd file = make_eventfd(1);
};

inline void forked_reactor(Sandbox& sandbox) {
    sandbox.first();
    int calls = 0;
    auto reactor = Reactor::create();
    if (!sandbox.check(Operation::create_reactor, reactor)) {
        return;
    }
    auto timers = Timers::create(*reactor);
    AnySubscriber subscriber = AnySubscriber::make<Kept>(calls);
    RegistrationId id;
    if (!sandbox.check(Operation::create_timers, timers) ||
        !add(sandbox, *reactor, subscriber, id)) {
        return;
    }
    sandbox.later();
    const auto in_the_child = [&] {
        if (!sandbox.check(Operation::reinit, reactor->reinit_after_fork())) {
            // The copy is what it was.
            sandbox.check(Operation::reinit, reactor->reinit_after_fork());
            EXPECT_EQ(error_of(reactor->run_once()), std::errc::no_child_process);
            return !testing::Test::HasFailure();
        }
        if (turn(sandbox, *reactor)) {
            EXPECT_EQ(calls, 1);
        }
        EXPECT_TRUE(reactor->remove(id));
        bool has_fired = false;
        const bool is_armed = sandbox.check(
            Operation::arm_after_reinit,
            timers->after(std::chrono::milliseconds{1}, [&has_fired] { has_fired = true; }));
        while (is_armed && !has_fired &&
               sandbox.check(Operation::wait_for, reactor->run_once(std::chrono::seconds{20}))) {
        }
        return !testing::Test::HasFailure();
    };
    const pid_t child = ::fork();
    if (child == 0) {
        const bool good = in_the_child();
        std::fflush(stdout);  // what has failed
        end_child(good);
    }
    if (child > 0) {  // clone(2) may be what is refused
        EXPECT_TRUE(ended_well(child));
    }
    if (turn(sandbox, *reactor)) {
        EXPECT_EQ(calls, 1);
    }
}

}  // namespace eventp::support
