// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <gtest/gtest.h>

#include "fault/sandbox.hpp"
#include "support/source.hpp"

namespace eventp::support {

/// What the library is used for, as far as a refused system call can make it fail.
enum class Operation : unsigned char {
    create_reactor,
    outer_loop,  // Reactor::fd()
    add,
    modify,
    pause,
    resume,
    wait,      // run_once(), run()
    wait_for,  // run_once() with a timeout
    create_timers,
    arm,
    create_signals,
    spawn,
    adopt,
    kill,
    signaler,
    collect,  // the exit status of a child
    reinit,
    arm_after_reinit,
};

enum class Outcome : unsigned char {
    fails,              // with the error of the system call
    may_fail,           // likewise; it depends on the C library and the architecture
    not_enough_memory,  // if nothing of the library was used before; otherwise it works
    broken_pipe,
};

/// What is documented for one system call. Whatever is not listed works.
struct Refusal {
    std::string_view call;
    std::vector<std::pair<Operation, Outcome>> failing = {};
    bool breaks_programs = false;  // those that are started: the dynamic linker needs the call
};

/// A process that enters a sandbox before it uses the library, or in the midst of that. One system
/// call is refused from then on.
class Sandbox {
public:
    enum class When : unsigned char { first, later };

    Sandbox(const SystemCall& call, int error, const Refusal& refusal, When when)
        : call_{call}, error_{error}, refusal_{refusal}, when_{when} {}

    /// Where a scenario begins.
    void first() { enter_if(When::first); }
    /// Where a scenario has made what it can before.
    void later() { enter_if(When::later); }

    [[nodiscard]] bool breaks_programs() const { return refusal_.breaks_programs; }
    [[nodiscard]] bool affects(Operation operation) const {
        return std::ranges::find(refusal_.failing, operation,
                                 &std::pair<Operation, Outcome>::first) != refusal_.failing.end();
    }

    /// The operation fails as it is documented. Returns whether it worked.
    template <typename T>
    bool check(Operation operation, const Result<T>& result) const {
        const std::error_code got = error_of(result);
        const auto row =
            std::ranges::find(refusal_.failing, operation, &std::pair<Operation, Outcome>::first);
        const std::error_code refused{error_, std::system_category()};
        SCOPED_TRACE("operation " + std::to_string(static_cast<int>(operation)));
        if (!is_entered_ || row == refusal_.failing.end()) {
            EXPECT_EQ(got, std::error_code{});
            return !got;
        }
        switch (row->second) {
            case Outcome::fails:
                EXPECT_EQ(got, refused);
                break;
            case Outcome::may_fail:
                EXPECT_TRUE(!got || got == refused) << got.message();
                break;
            case Outcome::not_enough_memory:
                EXPECT_EQ(got, when_ == When::first ? std::errc::not_enough_memory : std::errc{});
                break;
            case Outcome::broken_pipe:
                EXPECT_EQ(got, std::errc::broken_pipe);
                break;
        }
        return !got;
    }

private:
    void enter_if(When when) {
        if (when == when_) {
            is_entered_ = true;
            EXPECT_TRUE(refuse(call_, error_));
        }
    }

    const SystemCall& call_;
    int error_;
    const Refusal& refusal_;
    When when_;
    bool is_entered_ = false;
};

/// A row for each system call of the library: required for these operations, or replaced by another
/// one. docs/errors.md says the same.
[[nodiscard]] inline const std::vector<Refusal>& refusals() {
    using enum Operation;
    using enum Outcome;
    static const std::vector<Refusal> rows{
        {.call = "chdir", .failing = {{spawn, fails}}},
        {.call = "clock_gettime"},  // the C library reads the clock without a system call
        {.call = "clone", .failing = {{spawn, may_fail}}},
        {.call = "clone3", .failing = {{spawn, may_fail}}},
        {.call = "close_range"},  // the C library reads /proc/self/fd
        {.call = "dup2", .failing = {{spawn, fails}}},
        {.call = "dup3", .failing = {{spawn, may_fail}, {arm_after_reinit, broken_pipe}}},
        {.call = "epoll_create1",
         .failing = {{create_reactor, fails}, {outer_loop, fails}, {reinit, fails}}},
        {.call = "epoll_ctl_EPOLL_CTL_ADD",
         .failing = {{create_reactor, fails},
                     {outer_loop, fails},
                     {add, fails},
                     {resume, fails},
                     {create_timers, fails},
                     {reinit, fails}}},
        {.call = "epoll_ctl_EPOLL_CTL_DEL", .failing = {{pause, fails}}},
        {.call = "epoll_ctl_EPOLL_CTL_MOD", .failing = {{modify, fails}}},
        {.call = "epoll_pwait", .failing = {{wait, may_fail}}},
        {.call = "epoll_pwait2"},  // epoll_wait(2)
        {.call = "epoll_wait", .failing = {{wait, may_fail}}},
        {.call = "eventfd2", .failing = {{create_reactor, fails}, {reinit, fails}}},
        {.call = "execve", .failing = {{spawn, fails}}},
        {.call = "fcntl_F_DUPFD_CLOEXEC", .failing = {{signaler, fails}}},
        {.call = "fcntl_F_GETFD", .failing = {{spawn, may_fail}}},
        {.call = "fcntl_F_SETFD", .failing = {{spawn, may_fail}}},
        {.call = "kill"},                     // spawn() makes it where there is no descriptor left
        {.call = "madvise_MADV_WIPEONFORK"},  // pthread_atfork(3)
        {.call = "mmap",
         .failing = {{create_reactor, not_enough_memory},
                     {create_timers, not_enough_memory},
                     {create_signals, not_enough_memory},
                     {spawn, not_enough_memory},
                     {adopt, not_enough_memory}},
         .breaks_programs = true},
        {.call = "munmap"},         // made only where mmap(2) succeeded and all else was refused
        {.call = "openat_O_RDWR"},  // made where standard descriptors are closed
        {.call = "pidfd_open", .failing = {{spawn, fails}, {adopt, fails}}},
        {.call = "pidfd_send_signal", .failing = {{kill, fails}}},  // the destructor detaches
        {.call = "poll"},                                           // made where a rebuild fails
        {.call = "ppoll"},  // the destructor of a child kills it and detaches it
        {.call = "rt_sigaction"},
        {.call = "rt_sigprocmask", .failing = {{create_signals, fails}, {spawn, may_fail}}},
        {.call = "signalfd4", .failing = {{create_signals, fails}}},
        {.call = "timerfd_create",
         .failing = {{create_timers, fails}, {arm_after_reinit, broken_pipe}}},
        {.call = "timerfd_settime", .failing = {{arm, fails}, {arm_after_reinit, broken_pipe}}},
        {.call = "vfork", .failing = {{spawn, may_fail}}},
        {.call = "waitid_P_PID"},  // spawn() makes it where there is no descriptor left
        {.call = "waitid_P_PIDFD", .failing = {{spawn, fails}, {adopt, fails}, {collect, fails}}},
    };
    return rows;
}

/// Without these no program runs, or none that is linked dynamically; getpid(2) always succeeds.
inline constexpr std::string_view needed_by_every_program[] = {"close", "getpid", "read", "write"};

}  // namespace eventp::support
