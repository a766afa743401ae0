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

#include <sys/epoll.h>

#include "support/files.hpp"
#include "support/source.hpp"

namespace eventp::support {

// --- what /proc says ----------------------------------------------------------------------------

/// One line of /proc/self/fdinfo/<epoll instance>; closed numbers have theirs, too.
struct KernelEntry {
    int number = -1;
    std::uint32_t events = 0;
    std::uint64_t data = 0;

    friend bool operator==(const KernelEntry&, const KernelEntry&) = default;
    friend auto operator<=>(const KernelEntry&, const KernelEntry&) = default;
};

/// The entries of an epoll instance, in order.
[[nodiscard]] inline std::vector<KernelEntry> entries_of(int instance) {
    std::vector<KernelEntry> entries;
    std::ifstream file{"/proc/self/fdinfo/" + std::to_string(instance)};
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

/// Every number that is open in this process, in order; with `link` only those that /proc/self/fd
/// shows as links to that.
[[nodiscard]] inline std::vector<int> open_numbers(const std::filesystem::path& link = {}) {
    std::vector<int> numbers;
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator{"/proc/self/fd"}) {
        if (link.empty() || std::filesystem::read_symlink(entry.path(), ignored) == link) {
            numbers.push_back(std::atoi(entry.path().filename().c_str()));
        }
    }
    std::erase_if(numbers, [](int number) { return !is_open(number); });  // the iterator's own
    std::ranges::sort(numbers);
    return numbers;
}

/// The epoll instance has the eventfd of a reactor, which is edge-triggered. The spare instance is
/// empty, and those of fd() and of outer loops are level-triggered.
[[nodiscard]] inline bool is_working_set(int instance) {
    return std::ranges::any_of(entries_of(instance), [](const KernelEntry& entry) {
        return (entry.events & EPOLLET) != 0;
    });
}

/// The epoll instance that the one reactor of this process waits in.
[[nodiscard]] inline int working_set() {
    auto found = open_numbers("anon_inode:[eventpoll]");
    std::erase_if(found, [](int instance) { return !is_working_set(instance); });
    EXPECT_EQ(found.size(), 1U) << "reactors in this process";
    return found.empty() ? -1 : found.back();
}

/// How many entries the kernel holds for subscribers, removed ones included.
[[nodiscard]] inline std::size_t entries_held() {
    return entries_of(working_set()).size() - 1;  // the wake-up
}

/// How many of them have that number.
[[nodiscard]] inline std::ptrdiff_t entries_held_under(int number) {
    return std::ranges::count(entries_of(working_set()), number, &KernelEntry::number);
}

// --- entries that no EPOLL_CTL_DEL can name -----------------------------------------------------

/// A subscriber that was removed after its descriptor was closed, while a duplicate of the file is
/// open: the kernel continues to report it, with the address of the removed one.
class Ghost {
public:
    /// `number`: of the descriptor. -1: the lowest free one.
    explicit Ghost(Reactor& reactor, Interest interest = reading, int number = -1)
        : watched{number, interest} {
        OwnedFd closed = number < 0 ? make_eventfd() : make_eventfd_at(number);
        watched.number = closed.fd();
        watched.add_to(reactor);
        file_ = duplicate(closed.fd());
        closed.reset();
        EXPECT_TRUE(reactor.remove(watched.name));
    }

    void signal() const { support::signal(file_); }
    void die() { file_.reset(); }
    [[nodiscard]] const OwnedFd& file() const noexcept { return file_; }

    Source watched;

private:
    OwnedFd file_;
};

/// Turns until the epoll instance is replaced. Returns how many; fails the test after `turns_max`.
inline int turns_until_rebuilt(Reactor& reactor, int turns_max) {
    const auto before = reactor.stats().rebuilds;
    for (int turns = 0; turns <= turns_max; ++turns) {
        if (reactor.stats().rebuilds != before) {
            return turns;
        }
        poll(reactor);
    }
    ADD_FAILURE() << "not rebuilt after " << turns_max << " turns";
    return turns_max;
}

/// Makes the reactor replace its epoll instance outside a turn, as extract() of a subscriber whose
/// descriptor is closed must.
inline void rebuild_now(Reactor& reactor) {
    const auto before = reactor.stats().rebuilds;
    Source closed;
    closed.add_to(reactor);
    closed.file.reset();
    EXPECT_TRUE(reactor.extract(closed.name));
    EXPECT_EQ(reactor.stats().rebuilds, before + 1);
}

}  // namespace eventp::support
