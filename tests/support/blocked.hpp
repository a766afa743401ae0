// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <fstream>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include <sys/types.h>

namespace eventp::support {

/// Waits until the thread of that number is blocked in the kernel.
inline void wait_until_blocked(pid_t thread) {
    const std::string path = "/proc/self/task/" + std::to_string(thread) + "/stat";
    for (char state = 'R'; state != 'S';) {
        std::string line;
        std::getline(std::ifstream{path}, line);
        const std::size_t behind_name = line.rfind(')');
        ASSERT_NE(behind_name, std::string::npos);
        state = line.at(behind_name + 2);
        std::this_thread::yield();
    }
}

}  // namespace eventp::support
