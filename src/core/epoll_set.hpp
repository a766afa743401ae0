// SPDX-License-Identifier: MIT
#pragma once

#include <cerrno>
#include <cstdint>

#include <eventp/detail/slot.hpp>
#include <eventp/fd.hpp>

#include "sys/syscall.hpp"

struct epoll_event;

namespace eventp::detail {

/// One epoll set: which addresses the kernel gives back for which descriptors.
///
/// The kernel's traps, in one place (epoll(7), "Questions and answers"):
/// - An entry is keyed by (open file description, number). It ends when the last duplicate of the
///   file is closed, not when the number is: until then it reports, and no DEL can name it.
/// - Two entries can carry one number, after a close and a reuse while a duplicate lives. DEL and
///   MOD reach the one whose file the number names at that moment, and answer 0 for it.
/// - An entry whose number was closed comes back under its own key when a duplicate is put there.
/// So an answer of DEL says nothing about other entries of the number: see Quarantine.
///
/// Results are 0 or more on success, -errno on failure.
/// Thread safety:  thread-bound.
class EpollSet {
public:
    EpollSet() noexcept = default;
    explicit EpollSet(int fd) noexcept : fd_{fd} {}

    [[nodiscard]] int fd() const noexcept { return fd_.fd(); }
    [[nodiscard]] bool is_open() const noexcept { return static_cast<bool>(fd_); }
    void close() noexcept { fd_.reset(); }

    /// For a number without a live entry of ours. An entry that is there all the same belonged to
    /// a removed subscriber and came back with a duplicate: it makes room. [ghost.returned]
    [[nodiscard]] int add(int fd, std::uint32_t events, Slot& slot) noexcept {
        const int answer = sys::epoll_add(this->fd(), fd, events, &slot);
        return answer != -EEXIST ? answer : add_in_place_of_a_ghost(fd, events, slot);
    }
    [[nodiscard]] int modify(int fd, std::uint32_t events, Slot& slot) noexcept {
        return sys::epoll_modify(this->fd(), fd, events, &slot);
    }
    /// 0 when the set is closed: then it has no entries.
    [[nodiscard]] int remove(int fd) noexcept {
        return is_open() ? sys::epoll_remove(this->fd(), fd) : 0;
    }
    [[nodiscard]] int wait(epoll_event* events, int capacity, std::int64_t timeout_ns) {
        return timeout_ns > 0 ? sys::epoll_wait(fd(), events, capacity, timeout_ns)
                              : sys::epoll_wait_ms(fd(), events, capacity, timeout_ns < 0 ? -1 : 0);
    }

    /// Puts `fresh` in the place of this set, under the number of this set.
    [[nodiscard]] int replace_by(EpollSet& fresh) noexcept;

private:
    [[nodiscard]] int add_in_place_of_a_ghost(int fd, std::uint32_t events, Slot& slot) noexcept;

    OwnedFd fd_;
};

}  // namespace eventp::detail
