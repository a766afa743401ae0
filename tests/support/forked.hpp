// SPDX-License-Identifier: MIT
#pragma once

#include <functional>

#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include "support/files.hpp"

namespace eventp::support {

/// A forked child that runs `body` and exits with what it returns. It and the test wait for each
/// other with step() and go_on(); a side that dies ends the other's wait.
class Forked {
public:
    /// What the child has of its parent.
    class Parent {
    public:
        Parent(int in, int out) : in_{in}, out_{out} {}
        /// Notifies the test that this point is reached, and waits until it calls go_on().
        void step() const {
            const char byte = '.';
            char answer = 0;
            if (::write(out_, &byte, 1) != 1 || ::read(in_, &answer, 1) != 1) {
                ::_exit(90);
            }
        }

    private:
        int in_;
        int out_;
    };
    using Body = std::function<int(const Parent&)>;

    explicit Forked(const Body& body) {
        int down[2]{-1, -1};
        int up[2]{-1, -1};
        EXPECT_EQ(::pipe2(down, O_CLOEXEC), 0);
        EXPECT_EQ(::pipe2(up, O_CLOEXEC), 0);
        child_ = ::fork();
        if (child_ == 0) {
            ::close(down[1]);
            ::close(up[0]);
            ::_exit(body(Parent{down[0], up[1]}));
        }
        EXPECT_GT(child_, 0);
        ::close(down[0]);
        ::close(up[1]);
        in_.reset(up[0]);
        out_.reset(down[1]);
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
        EXPECT_EQ(::read(in_.fd(), &byte, 1), 1) << "the child has died";
    }
    /// Lets the child leave the step it has reached.
    void go_on() const {
        const char byte = '.';
        EXPECT_EQ(::write(out_.fd(), &byte, 1), 1);
    }
    /// Waits for the end of the child; -1 when it did not exit by itself.
    int exit_code() {
        int status = 0;
        const pid_t child = std::exchange(child_, -1);
        return ::waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status)
                                                                          : -1;
    }

private:
    pid_t child_ = -1;
    OwnedFd in_;
    OwnedFd out_;
};

}  // namespace eventp::support
