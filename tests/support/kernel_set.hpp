// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>
#include <vector>

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/epoll.h>

namespace eventp::support {

/// One line of /proc/self/fdinfo/<set>: what the kernel holds, entries of closed numbers included.
struct KernelEntry {
    int number = -1;
    std::uint32_t events = 0;
    std::uint64_t data = 0;

    friend bool operator==(const KernelEntry&, const KernelEntry&) = default;
    friend auto operator<=>(const KernelEntry&, const KernelEntry&) = default;
};

/// The entries of an epoll set, in order.
[[nodiscard]] inline std::vector<KernelEntry> entries_of(int set) {
    std::vector<KernelEntry> entries;
    std::ifstream file{"/proc/self/fdinfo/" + std::to_string(set)};
    std::string word;
    while (file >> word) {
        if (word == "tfd:") {
            entries.emplace_back();
            file >> std::dec >> entries.back().number;
        } else if (word == "events:" && !entries.empty()) {
            file >> std::hex >> entries.back().events;
        } else if (word == "data:" && !entries.empty()) {
            file >> std::hex >> entries.back().data;
        }
    }
    std::ranges::sort(entries);
    return entries;
}

/// Every number that is open in this process, in order.
[[nodiscard]] inline std::vector<int> open_numbers() {
    std::vector<int> numbers;
    for (const auto& entry : std::filesystem::directory_iterator{"/proc/self/fd"}) {
        numbers.push_back(std::atoi(entry.path().filename().c_str()));
    }
    std::erase_if(numbers, [](int number) { return ::fcntl(number, F_GETFD) < 0; });  // /proc's own
    std::ranges::sort(numbers);
    return numbers;
}

/// The numbers of epoll sets that are open in this process.
[[nodiscard]] inline std::vector<int> epoll_sets() {
    std::vector<int> sets;
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator{"/proc/self/fd"}) {
        if (std::filesystem::read_symlink(entry.path(), ignored) == "anon_inode:[eventpoll]") {
            sets.push_back(std::atoi(entry.path().filename().c_str()));
        }
    }
    return sets;
}

/// The set has the eventfd of a reactor, which is edge-triggered. The spare set is empty, and those
/// of fd() and of outer loops are level-triggered.
[[nodiscard]] inline bool is_working_set(int set) {
    return std::ranges::any_of(
        entries_of(set), [](const KernelEntry& entry) { return (entry.events & EPOLLET) != 0; });
}

/// The working set of the one reactor of this process.
[[nodiscard]] inline int working_set() {
    int found = -1;
    for (const int set : epoll_sets()) {
        if (is_working_set(set)) {
            EXPECT_EQ(found, -1) << "two reactors: which one is meant?";
            found = set;
        }
    }
    EXPECT_NE(found, -1);
    return found;
}

/// How many entries the kernel holds for subscribers, removed ones included.
[[nodiscard]] inline std::size_t entries_held() {
    return entries_of(working_set()).size() - 1;  // the wake-up
}

/// How many of them carry a number.
[[nodiscard]] inline std::ptrdiff_t entries_held_under(int number) {
    return std::ranges::count(entries_of(working_set()), number, &KernelEntry::number);
}

}  // namespace eventp::support
