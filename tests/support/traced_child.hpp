// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <eventp/fd.hpp>

#include "support/forked.hpp"

namespace eventp::support {

/// How a tracer lets a dead process go.
enum class LetsGo : unsigned char { by_waiting, by_exiting };

/// A child of this process that another process traces. The test reaps it.
class TracedChild {
public:
    static constexpr int exit_code = 7;

    explicit TracedChild(LetsGo how, long options = 0)
        : how_{how}, tracer_{[pid = start(), how, options](const Forked::Parent& parent) {
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
    void exit() const { EXPECT_EQ(::write(go_.fd(), ".", 1), 1); }

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
    pid_t start() {
        std::array<int, 2> ends{-1, -1};
        EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
        const OwnedFd read{ends[0]};
        go_.reset(ends[1]);
        pid_ = ::fork();
        if (pid_ == 0) {
            ::prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);  // fails without the Yama module
            go_.reset();
            char byte = 0;
            static_cast<void>(::read(read.fd(), &byte, 1));
            ::_exit(exit_code);
        }
        return pid_;
    }

    pid_t pid_ = -1;
    OwnedFd go_;
    LetsGo how_;
    Forked tracer_;
};

}  // namespace eventp::support
