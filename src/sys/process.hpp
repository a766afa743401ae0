// SPDX-License-Identifier: MIT
#pragma once

#include <span>

#include <sys/types.h>

/// The system calls that know processes. Results as in syscall.hpp.
namespace eventp::sys {

/// 0, 1 and 2: standard input, output and error.
inline constexpr int standard_descriptors = 3;

/// As `from` of a Redirect: /dev/null, opened for reading and writing.
inline constexpr int dev_null = -1;

/// Descriptor `to` of the child refers to the file of this process's descriptor `from`, also if
/// both are equal and close-on-exec.
struct Redirect {
    int from;
    int to;
};

/// The arguments of posix_spawn(3). The child starts with no signal blocked, with every disposition
/// the default one, and with the descriptors 0, 1 and 2 and those of `redirects`.
struct SpawnPlan {
    const char* program;
    char* const* arguments;
    char* const* environment;
    const char* directory;  // null: that of this process
    /// Executed in order, in the child: no `from` is the `to` of another one.
    std::span<const Redirect> redirects;
};

/// Starts a program, which is looked up in PATH when its name has no slash. An execve(2) that
/// fails is an error here. The child's number on success.
[[nodiscard]] int spawn(const SpawnPlan& plan) noexcept;

/// The same file under a number that is `min` or more.
[[nodiscard]] int duplicate(int fd, int min) noexcept;

[[nodiscard]] int pidfd_open(pid_t pid) noexcept;
[[nodiscard]] int pidfd_kill(int pidfd, int signal) noexcept;

/// How a child ended, as waitid(2) says it.
struct ChildEnd {
    int code;    // CLD_EXITED, CLD_KILLED, CLD_DUMPED; 0: it has not ended
    int status;  // exit code or signal
};
enum class Wait : unsigned char {
    look,   // does not wait, does not reap
    reap,   // does not wait
    block,  // until it has ended
};
/// -ECHILD when the process is no unreaped child of ours.
[[nodiscard]] int pidfd_wait(int pidfd, Wait how, ChildEnd& end) noexcept;

/// Kills and reaps a child that cannot be watched.
void kill_unwatched(pid_t child) noexcept;

[[nodiscard]] pid_t process_id() noexcept;

}  // namespace eventp::sys
