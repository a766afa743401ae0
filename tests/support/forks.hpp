// SPDX-License-Identifier: MIT
#pragma once

#include <csignal>
#include <functional>
#include <type_traits>
#include <utility>

#include <gtest/gtest.h>

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/files.hpp"

namespace eventp::support {

enum class Fork : unsigned char { fork, raw_clone };

inline pid_t fork_by(Fork way) {
    return way == Fork::fork ? ::fork()
                             : static_cast<pid_t>(::syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
}

/// Ends a forked child and reports to its parent whether all went well. Runs no destructors, which
/// are the parent's to run.
[[noreturn]] inline void end_child(bool good) {
    ::_exit(good ? 0 : 1);
}

/// Waits for a child; true if it ended with end_child(true).
[[nodiscard]] inline bool ended_well(pid_t child) {
    int status = -1;
    return ::waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/// Runs `body` in a child. True if it returned true or nothing there, and no expectation failed.
template <typename F>
[[nodiscard]] bool holds_in_child(F body, Fork way = Fork::fork) {
    const pid_t child = fork_by(way);
    if (child == 0) {
        bool good = true;
        if constexpr (std::is_void_v<std::invoke_result_t<F&>>) {
            body();
        } else {
            good = body();
        }
        end_child(good && !::testing::Test::HasFailure());
    }
    return ended_well(child);
}

/// Forks at its first call. Both processes return from that and continue to end().
class ForkOnce {
public:
    explicit ForkOnce(Fork way = Fork::fork) : way_{way} {}

    /// True if this call has forked.
    bool operator()() {
        const bool is_first = !has_forked();
        child_ = is_first ? fork_by(way_) : child_;
        return is_first;
    }
    [[nodiscard]] bool has_forked() const { return child_ != -1; }
    [[nodiscard]] bool is_child() const { return child_ == 0; }
    /// The child ends here. The parent waits for it; true if `is_good` returned true in the child,
    /// where it is called, and no expectation failed there.
    template <typename F>
    [[nodiscard]] bool end(F is_good) const {
        if (is_child()) {
            end_child(is_good() && !::testing::Test::HasFailure());
        }
        return has_forked() && ended_well(child_);
    }
    [[nodiscard]] bool end() const {
        return end([] { return true; });
    }

private:
    Fork way_;
    pid_t child_ = -1;
};

/// A forked child that runs `body` and exits with what that returns. It and the test wait for each
/// other with step() and go_on(); when one of them dies, the other one's wait ends.
class Forked {
public:
    class Parent {
    public:
        explicit Parent(OwnedFd end) : end_{std::move(end)} {}
        /// Lets the test's wait_for_step() return, and waits for its go_on().
        void step() const {
            char byte = '.';
            if (::write(end_.fd(), &byte, 1) != 1 || ::read(end_.fd(), &byte, 1) != 1) {
                ::_exit(90);
            }
        }

    private:
        OwnedFd end_;
    };
    using Body = std::function<int(const Parent&)>;

    explicit Forked(const Body& body) {
        SocketPair ends{blocking};
        child_ = ::fork();
        if (child_ == 0) {
            ends.near.reset();
            ::_exit(body(Parent{std::move(ends.far)}));
        }
        EXPECT_GT(child_, 0);
        end_ = std::move(ends.near);
    }
    Forked(const Forked&) = delete;
    Forked& operator=(const Forked&) = delete;
    ~Forked() {
        if (child_ > 0) {
            EXPECT_EQ(exit_code(), 0);
        }
    }

    /// Waits until the child reaches its next step().
    void wait_for_step() const {
        char byte = 0;
        EXPECT_EQ(::read(end_.fd(), &byte, 1), 1) << "the child has died";
    }
    /// Lets the child leave the step it has reached.
    void go_on() const { EXPECT_EQ(::write(end_.fd(), ".", 1), 1); }
    /// Waits for the end of the child; -1 when it did not exit by itself.
    int exit_code() {
        int status = 0;
        const pid_t child = release();
        return ::waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status)
                                                                          : -1;
    }
    /// Leaves the child to be waited for by the caller.
    pid_t release() { return std::exchange(child_, -1); }

private:
    pid_t child_ = -1;
    OwnedFd end_;
};

}  // namespace eventp::support
