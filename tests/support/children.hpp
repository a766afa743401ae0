// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <csignal>
#include <fstream>
#include <optional>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <eventp/child.hpp>
#include <eventp/reactor.hpp>

#include "support/files.hpp"
#include "support/forks.hpp"

namespace eventp::support {

// --- programs -----------------------------------------------------------------------------------

/// A program for the shell.
[[nodiscard]] inline Command shell(std::string script) {
    return {.program = "/bin/sh", .arguments = {"-c", std::move(script)}};
}

inline constexpr auto detach = OnDestroy::detach;

/// Children that run until they are killed, or until end_all().
class Idle {
public:
    [[nodiscard]] ChildProcess start(OnDestroy on_destroy = OnDestroy::kill_and_wait) const {
        return ChildProcess::spawn(
                   {.program = "/bin/cat",
                    .descriptors = {{0, BorrowedFd{input()}}, {1, BorrowedFd{input()}}}},
                   on_destroy)
            .value();
    }
    /// A descriptor that has an end of file after end_all().
    [[nodiscard]] int input() const { return pipe_.read.fd(); }
    /// The children that were started exit with 0.
    void end_all() { pipe_.write.reset(); }

private:
    Pipe pipe_{blocking};
};

/// What can be read until the other end is closed.
[[nodiscard]] inline std::string read_all(int fd) {
    std::string out;
    std::array<char, 4096> buffer{};
    for (;;) {
        pollfd entry{.fd = fd, .events = POLLIN, .revents = 0};
        if (::poll(&entry, 1, 20'000) != 1) {
            return out + " (nothing more came)";
        }
        const auto got = ::read(fd, buffer.data(), buffer.size());
        if (got <= 0) {
            return out;
        }
        out.append(buffer.data(), static_cast<std::size_t>(got));
    }
}

/// What a program writes to its standard output; "failed" when it does not end well.
[[nodiscard]] inline std::string output_of(Command command) {
    Pipe pipe;
    command.descriptors[1] = BorrowedFd{pipe.write.fd()};
    auto child = ChildProcess::spawn(command);
    pipe.write.reset();
    if (!child) {
        return child.error().message();
    }
    std::string out = read_all(pipe.read.fd());
    return child->wait() == ExitStatus::exited(0) ? out : "failed: " + out;
}

/// Registers a child in a reactor and runs that until the handler was called. Returns the status.
inline std::optional<ExitStatus> run_until_exit(ChildProcess child) {
    Reactor reactor;
    std::optional<ExitStatus> out;
    const auto id = std::move(child)
                        .on_exit([&out](ExitStatus status, ReactorOps& ops) {
                            out = status;
                            ops.stop();
                        })
                        .register_into(reactor);
    EXPECT_TRUE(id);
    EXPECT_TRUE(reactor.run());
    EXPECT_EQ(reactor.stats().registered, 0U);
    return out;
}

// --- what the kernel knows ----------------------------------------------------------------------

/// Looks for an unreaped child and does not reap it. 0: there is one, and none has ended.
inline std::optional<pid_t> find_child(idtype_t which, pid_t pid, int flags = WNOHANG) {
    siginfo_t info{};
    const int found =
        ::waitid(which, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT | __WALL | flags);
    return found == 0 ? std::optional{info.si_pid} : std::nullopt;
}
/// Whether this process has a child with that number that it has not reaped.
[[nodiscard]] inline bool is_unreaped(pid_t pid) {
    return find_child(P_PID, pid).has_value();
}
/// It is a child of this process, and not a zombie.
[[nodiscard]] inline bool runs(pid_t pid) {
    return find_child(P_PID, pid) == 0;
}
/// Waits until a child has ended, without reaping it.
inline void wait_for_zombie(pid_t pid) {
    find_child(P_PID, pid, 0);
}
[[nodiscard]] inline bool has_children() {
    return find_child(P_ALL, 0).has_value();
}

// --- a child that another process traces --------------------------------------------------------

/// How a tracer lets a dead process go.
enum class LetsGo : unsigned char { by_waiting, by_exiting };

/// A child of this process that another process traces. The test reaps it.
class TracedChild {
public:
    static constexpr int exit_code = 7;

    explicit TracedChild(LetsGo how, long options = 0)
        : how_{how}, tracer_{[pid = pid_, how, options](const Forked::Parent& parent) {
              const bool traces = ::ptrace(PTRACE_SEIZE, pid, nullptr, options) == 0;
              parent.step();
              if (traces && how == LetsGo::by_waiting) {
                  int status = 0;
                  static_cast<void>(::waitpid(pid, &status, __WALL));
                  parent.step();
              }
              return 0;
          }} {
        tracer_.wait_for_step();
    }

    [[nodiscard]] pid_t pid() const { return pid_; }

    /// False if the system does not let one child trace another.
    [[nodiscard]] bool is_traced() const {
        std::ifstream status{"/proc/" + std::to_string(pid_) + "/status"};
        for (std::string word; status >> word;) {
            if (word == "TracerPid:") {
                pid_t tracer = 0;
                return status >> tracer && tracer != 0;
            }
        }
        return false;
    }

    /// The child exits with exit_code.
    void exit() const { child_.go_on(); }

    /// The tracer lets the child go, which is dead.
    void let_go() {
        tracer_.go_on();
        if (how_ == LetsGo::by_waiting) {
            tracer_.wait_for_step();
            tracer_.go_on();
        }
        EXPECT_EQ(tracer_.exit_code(), 0);
    }

private:
    static pid_t wait_for(Forked& child) {
        child.wait_for_step();
        return child.release();
    }

    Forked child_{[](const Forked::Parent& parent) {
        ::prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);  // fails without the Yama module
        parent.step();
        return exit_code;
    }};
    pid_t pid_{wait_for(child_)};
    LetsGo how_;
    Forked tracer_;
};

}  // namespace eventp::support
