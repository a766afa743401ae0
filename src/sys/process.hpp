// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>

#include <sys/types.h>

#include <eventp/version.hpp>

/// The system calls that concern processes. Results as in syscall.hpp.
namespace eventp::inline EVENTP_ABI_NAMESPACE::sys {

/// 0, 1 and 2: standard input, output and error.
inline constexpr int standard_descriptors = 3;

/// As `from` of a Redirect: /dev/null, opened for reading and writing.
inline constexpr int dev_null = -1;

/// Descriptor `to` of the child refers to the file of this process's descriptor `from`, even if
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

/// Starts a program, which is looked up in PATH if it contains no slash. Returns the child's pid;
/// the error of execve(2) if that fails.
[[nodiscard]] int spawn(const SpawnPlan& plan) noexcept;

/// Returns a descriptor of the same file that is `min` or more.
[[nodiscard]] int duplicate(int fd, int min) noexcept;

[[nodiscard]] int pidfd_open(pid_t pid) noexcept;
[[nodiscard]] int pidfd_kill(int pidfd, int signal) noexcept;

/// How a child exited, as reported by waitid(2).
struct ChildExit {
    int code;    // CLD_EXITED, CLD_KILLED, CLD_DUMPED; 0: it has not exited
    int status;  // exit code or signal
};
enum class Wait : unsigned char { peek, reap };

/// Reports whether a child has exited, and reaps it if asked to. Does not block. Fails with -ECHILD
/// if the process is not an unreaped child of this process.
[[nodiscard]] int pidfd_wait(int pidfd, Wait how, ChildExit& out) noexcept;

/// Blocks until a child has exited, without reaping it. A cancellation point, so not noexcept.
[[nodiscard]] int pidfd_block(int pidfd);

/// Blocks until the process is dead, or the time has passed. A dead child cannot be reaped as long
/// as another process traces it.
void pidfd_wait_until_dead(int pidfd, std::int64_t timeout_ns) noexcept;

/// Kills a child of this process that has no pidfd; does nothing if it was reaped.
void kill_unreaped(pid_t child) noexcept;

[[nodiscard]] pid_t process_id() noexcept;

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE::sys
