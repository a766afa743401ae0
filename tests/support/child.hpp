// SPDX-License-Identifier: MIT
#pragma once

#include <csignal>
#include <functional>
#include <type_traits>

#include <gtest/gtest.h>

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace eventp::support {

enum class Fork : unsigned char { fork, raw_clone };

inline pid_t fork_by(Fork way) {
    return way == Fork::fork ? ::fork()
                             : static_cast<pid_t>(::syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
}

/// What is left to do in a child: tell its parent whether all went well. Without destructors, which
/// are the parent's to run.
[[noreturn]] inline void end_child(bool good) {
    ::_exit(good ? 0 : 1);
}

/// Waits for a child and says whether it ended well.
[[nodiscard]] inline bool ended_well(pid_t child) {
    int status = -1;
    return ::waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/// Runs `body` in a child of its own and says whether it answered true there.
[[nodiscard]] inline bool in_child(const std::function<bool()>& body, Fork way = Fork::fork) {
    const pid_t child = fork_by(way);
    if (child == 0) {
        end_child(body());
    }
    return ended_well(child);
}

/// The same, and whether all that is expected in there is so. `body` may also return nothing.
template <typename F>
[[nodiscard]] bool holds_in_child(F body, Fork way = Fork::fork) {
    return in_child(
        [&body] {
            bool good = true;
            if constexpr (std::is_void_v<std::invoke_result_t<F&>>) {
                body();
            } else {
                good = body();
            }
            return good && !::testing::Test::HasFailure();
        },
        way);
}

}  // namespace eventp::support
