// SPDX-License-Identifier: MIT
#include "sys/process.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// What POSIX.1-2024 has, and the C libraries before it under a name of their own.
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

namespace eventp::sys {

namespace {

// Kernel: P_PIDFD, since Linux 5.4; C libraries name it later than that.
constexpr auto by_pidfd = static_cast<idtype_t>(3);

constexpr int first_closed = standard_descriptors;

int result_of(long answer) noexcept {
    return answer < 0 ? -errno : static_cast<int>(answer);
}

/// What the child does before execve(2). The functions below answer 0 or an errno.
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

    /// Closes what is neither a standard descriptor nor the target of a redirection.
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
        // These fail for flags that are unknown only.
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

int pidfd_wait(int pidfd, Wait how, ChildEnd& end) noexcept {
    const int options =
        WEXITED | (how == Wait::look ? WNOWAIT : 0) | (how == Wait::block ? 0 : WNOHANG);
    siginfo_t info{};
    int answer = 0;
    do {
        answer = result_of(::waitid(by_pidfd, static_cast<id_t>(pidfd), &info, options));
    } while (answer == -EINTR);
    // Kernel: what WNOHANG does not find ended has no pid.
    end = info.si_pid == 0 ? ChildEnd{} : ChildEnd{.code = info.si_code, .status = info.si_status};
    return answer;
}

void kill_unwatched(pid_t child) noexcept {
    siginfo_t info{};
    // Its number is its own as long as nobody has reaped it.
    if (::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOHANG | WNOWAIT) == 0) {
        static_cast<void>(::kill(child, SIGKILL));
        while (::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED) < 0 && errno == EINTR) {
        }
    }
}

pid_t process_id() noexcept {
    return ::getpid();
}

}  // namespace eventp::sys
