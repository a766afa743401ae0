// SPDX-License-Identifier: MIT
#pragma once

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <map>

#include <sys/eventfd.h>
#include <unistd.h>

namespace eventp::support {

/// Time that stands still until a test moves it. fake_time.cpp defines the system calls of
/// sys/timerfd.hpp, so that the library's own are not linked. A timerfd is an eventfd here,
/// readable when its time has come.
class FakeTime {
public:
    /// Sets the time and everything else back to what it was when the program started.
    struct Begin {
        Begin() { state() = State{}; }
    };

    static std::int64_t now() { return state().now; }
    static void advance(std::chrono::nanoseconds by) {
        state().now += by.count();
        for (const auto& [fd, deadline] : state().deadlines) {
            show(fd, deadline);
        }
    }
    /// How often a timer was set since Begin.
    static int settings() { return state().settings; }
    /// What the last one was set to; 0: switched off.
    static std::int64_t last_set() { return state().last_set; }
    static int last_clock() { return state().last_clock; }
    static int last_fd() { return state().last_fd; }
    /// From now on calls return this, which is negative; 0: they work.
    static void fail_with(int error) { state().failure = error; }

    static int make(int clock) {
        if (state().failure != 0) {
            return state().failure;
        }
        state().last_clock = clock;
        state().last_fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        return state().last_fd;
    }
    static int set(int fd, std::int64_t deadline) {
        if (state().failure != 0) {
            return state().failure;
        }
        eventfd_t value = 0;
        static_cast<void>(::eventfd_read(fd, &value));
        ++state().settings;
        state().last_set = deadline;
        state().deadlines[fd] = deadline;
        show(fd, deadline);
        return 0;
    }

private:
    struct State {
        std::int64_t now = 1'000'000'000;
        std::map<int, std::int64_t> deadlines;
        int settings = 0;
        std::int64_t last_set = -1;
        int last_clock = -1;
        int last_fd = -1;
        int failure = 0;
    };
    static State& state() {
        static State only;
        return only;
    }
    static void show(int fd, std::int64_t deadline) {
        if (deadline != 0 && deadline <= state().now) {
            static_cast<void>(::eventfd_write(fd, 1));
        }
    }
};

}  // namespace eventp::support
