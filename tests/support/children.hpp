// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <csignal>
#include <string>
#include <utility>

#include <sys/wait.h>
#include <unistd.h>

#include <eventp/child.hpp>

#include "support/files.hpp"

namespace eventp::support {

/// A program for the shell.
[[nodiscard]] inline Command shell(std::string script) {
    return {.program = "/bin/sh", .arguments = {"-c", std::move(script)}};
}

/// Children that run until they are killed, or until end_all().
class Idle {
public:
    [[nodiscard]] ChildProcess start(OnDestroy on_destroy = OnDestroy::kill_and_wait) const {
        return ChildProcess::spawn({.program = "/bin/cat",
                                    .descriptors = {{0, BorrowedFd{pipe_.read.fd()}},
                                                    {1, BorrowedFd{pipe_.read.fd()}}}},
                                   on_destroy)
            .value();
    }
    /// A descriptor that has an end of file after end_all().
    [[nodiscard]] int input() const { return pipe_.read.fd(); }
    /// The children that were started exit with 0.
    void end_all() { pipe_.write.reset(); }

private:
    struct BlockingPipe {
        BlockingPipe() {
            std::array<int, 2> ends{-1, -1};
            if (::pipe2(ends.data(), O_CLOEXEC) == 0) {
                read.reset(ends[0]);
                write.reset(ends[1]);
            }
        }
        OwnedFd read;
        OwnedFd write;
    };

    BlockingPipe pipe_;
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

/// Whether this process has a child with that number that it has not reaped.
[[nodiscard]] inline bool is_unreaped(pid_t pid) {
    siginfo_t info{};
    return ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT | __WALL) ==
           0;
}
/// It is a child of this process, and not a zombie.
[[nodiscard]] inline bool runs(pid_t pid) {
    siginfo_t info{};
    return ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT | __WALL) ==
               0 &&
           info.si_pid == 0;
}
/// Waits until a child has ended, without reaping it.
inline void wait_for_zombie(pid_t pid) {
    siginfo_t info{};
    static_cast<void>(::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT | __WALL));
}
[[nodiscard]] inline bool has_children() {
    siginfo_t info{};
    return ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT | __WALL) == 0;
}

}  // namespace eventp::support
