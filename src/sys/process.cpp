// SPDX-License-Identifier: MIT
#include "sys/process.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/common.hpp"

// POSIX.1-2024 has these functions; C libraries had them before, with other names.
#if defined(__GLIBC__)
#if __GLIBC_PREREQ(2, 29)
#define EVENTP_HAS_ADDCHDIR
#endif
#if __GLIBC_PREREQ(2, 34)
#define EVENTP_HAS_ADDCLOSEFROM
#endif
#elif !defined(__UCLIBC__)
#define EVENTP_HAS_ADDCHDIR  // musl, since 1.1.24
#endif

namespace eventp::inline EVENTP_ABI_NAMESPACE::sys {

namespace {

// Kernel: P_PIDFD exists since Linux 5.4; C libraries define it since later versions.
constexpr auto by_pidfd = static_cast<idtype_t>(3);

// Kernel: without it waitid(2) does not find a child that clone(2) made with another exit signal
// than SIGCHLD. It accepts the flag since Linux 4.7.
constexpr int any_child = __WALL;

constexpr int first_closed = standard_descriptors;

/// waitid(2) without a cancellation point.
int wait_without_blocking(idtype_t type, int id, int options, siginfo_t& info) noexcept {
    return result_of(::syscall(SYS_waitid, type, id, &info, WEXITED | WNOHANG | any_child | options,
                               /*rusage=*/nullptr));
}

/// What the child does before execve(2). The functions of the C library below return 0 or an errno.
class FileActions {
public:
    FileActions() noexcept : error_{::posix_spawn_file_actions_init(&actions_)} {}
    FileActions(const FileActions&) = delete;
    FileActions& operator=(const FileActions&) = delete;
    ~FileActions() { static_cast<void>(::posix_spawn_file_actions_destroy(&actions_)); }

    [[nodiscard]] int error() const noexcept { return error_; }
    [[nodiscard]] const posix_spawn_file_actions_t* get() const noexcept { return &actions_; }

    void redirect(std::span<const Redirect> redirects) noexcept {
        for (const Redirect& each : redirects) {
            // If both are equal, dup2(2) would do nothing; this clears close-on-exec.
            note(each.from == dev_null
                     ? ::posix_spawn_file_actions_addopen(&actions_, each.to, "/dev/null", O_RDWR,
                                                          /*mode=*/0)
                     : ::posix_spawn_file_actions_adddup2(&actions_, each.from, each.to));
        }
    }

    /// Closes every descriptor that is neither a standard one nor the target of a redirection.
    void close_others([[maybe_unused]] std::span<const Redirect> redirects) noexcept {
#if defined(EVENTP_HAS_ADDCLOSEFROM)
        int end = first_closed;
        for (const Redirect& each : redirects) {
            end = std::max(end, each.to + 1);
        }
        for (int number = first_closed; number < end && error_ == 0; ++number) {
            if (std::ranges::find(redirects, number, &Redirect::to) == redirects.end()) {
                note(::posix_spawn_file_actions_addclose(&actions_, number));
            }
        }
        note(::posix_spawn_file_actions_addclosefrom_np(&actions_, end));
#endif
    }

    void change_directory([[maybe_unused]] const char* directory) noexcept {
#if defined(EVENTP_HAS_ADDCHDIR)
        note(::posix_spawn_file_actions_addchdir_np(&actions_, directory));
#else
        note(ENOSYS);
#endif
    }

private:
    void note(int error) noexcept { error_ = error_ != 0 ? error_ : error; }

    posix_spawn_file_actions_t actions_{};
    int error_;
};

/// No signal blocked and none ignored.
class Attributes {
public:
    Attributes() noexcept : error_{::posix_spawnattr_init(&attributes_)} {
        sigset_t none;
        sigset_t all;
        sigemptyset(&none);
        sigfillset(&all);
        // These fail only for unknown flags.
        static_cast<void>(::posix_spawnattr_setsigmask(&attributes_, &none));
        static_cast<void>(::posix_spawnattr_setsigdefault(&attributes_, &all));
        static_cast<void>(::posix_spawnattr_setflags(
            &attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF));
    }
    Attributes(const Attributes&) = delete;
    Attributes& operator=(const Attributes&) = delete;
    ~Attributes() { static_cast<void>(::posix_spawnattr_destroy(&attributes_)); }

    [[nodiscard]] int error() const noexcept { return error_; }
    [[nodiscard]] const posix_spawnattr_t* get() const noexcept { return &attributes_; }

private:
    posix_spawnattr_t attributes_{};
    int error_;
};

}  // namespace

int spawn(const SpawnPlan& plan) noexcept {
    FileActions actions;
    actions.redirect(plan.redirects);
    actions.close_others(plan.redirects);
    if (plan.directory != nullptr) {
        actions.change_directory(plan.directory);
    }
    const Attributes attributes;
    if (const int error = actions.error() != 0 ? actions.error() : attributes.error(); error != 0) {
        return -error;
    }
    pid_t child = -1;
    const int error = ::posix_spawnp(&child, plan.program, actions.get(), attributes.get(),
                                     plan.arguments, plan.environment);
    return error != 0 ? -error : child;
}

int duplicate(int fd, int min) noexcept {
    return result_of(::fcntl(fd, F_DUPFD_CLOEXEC, min));
}

int pidfd_open(pid_t pid) noexcept {
    return result_of(::syscall(SYS_pidfd_open, pid, 0));  // it is close-on-exec
}

int pidfd_kill(int pidfd, int signal) noexcept {
    return result_of(::syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0));
}

int pidfd_wait(int pidfd, Wait how, ChildExit& out) noexcept {
    siginfo_t info{};
    const int result =
        wait_without_blocking(by_pidfd, pidfd, how == Wait::peek ? WNOWAIT : 0, info);
    // Kernel: if no child has exited, the fields are zero.
    out = ChildExit{.code = info.si_code, .status = info.si_status};
    return result;
}

int pidfd_block(int pidfd) {
    siginfo_t info{};
    int result = 0;
    do {
        result = result_of(
            ::waitid(by_pidfd, static_cast<id_t>(pidfd), &info, WEXITED | WNOWAIT | any_child));
    } while (result == -EINTR);
    return result;
}

void pidfd_wait_until_dead(int pidfd, std::int64_t timeout_ns) noexcept {
    pollfd entry{.fd = pidfd, .events = POLLIN, .revents = 0};
    timespec left{.tv_sec = timeout_ns / ns_per_s, .tv_nsec = timeout_ns % ns_per_s};
    int result = 0;
    do {
        // Kernel: the system call, unlike its wrapper, writes the remaining time to `left`.
        result = result_of(::syscall(SYS_ppoll, &entry, 1, &left, /*sigmask=*/nullptr, 0));
    } while (result == -EINTR);
}

void kill_unreaped(pid_t child) noexcept {
    siginfo_t info{};
    // A pid is not given to another process as long as the child is not reaped.
    if (wait_without_blocking(P_PID, child, WNOWAIT, info) == 0) {
        static_cast<void>(::kill(child, SIGKILL));
    }
}

pid_t process_id() noexcept {
    return ::getpid();
}

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE::sys
