// SPDX-License-Identifier: MIT
#pragma once

#include <cerrno>
#include <cstdint>

#include <eventp/detail/slot.hpp>
#include <eventp/fd.hpp>

#include "sys/syscall.hpp"

struct epoll_event;

namespace eventp::inline EVENTP_ABI_NAMESPACE::detail {

/// An epoll instance: which address the kernel reports for which descriptor.
///
/// What the kernel does that is easily overlooked (epoll(7), "Questions and answers"):
/// - An entry is identified by the open file description and the descriptor. It exists until the
///   last duplicate of the file is closed, not until the descriptor is. Until then it reports
///   events, and EPOLL_CTL_DEL cannot name it.
/// - Two entries can have the same descriptor, after a close and a reuse while a duplicate of the
///   first file is open. EPOLL_CTL_DEL and EPOLL_CTL_MOD find the one whose file the descriptor
///   refers to at that moment.
/// - An entry whose descriptor was closed is found again if a duplicate of its file is put back.
/// So a successful EPOLL_CTL_DEL says nothing about other entries of the descriptor: see
/// Quarantine.
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

    /// Adds an entry for a descriptor that no live slot has. If there is one nevertheless, it
    /// belongs to a removed subscriber whose file was duplicated back: it is replaced.
    /// [ghost.returned]
    [[nodiscard]] int add(int fd, std::uint32_t events, Slot& slot) noexcept {
        const int answer = sys::epoll_add(this->fd(), fd, events, &slot);
        return answer != -EEXIST ? answer : replace_stale_entry(fd, events, slot);
    }
    [[nodiscard]] int modify(int fd, std::uint32_t events, Slot& slot) noexcept {
        return sys::epoll_modify(this->fd(), fd, events, &slot);
    }
    /// 0 if the instance is closed: then it has no entries.
    [[nodiscard]] int remove(int fd) noexcept {
        return is_open() ? sys::epoll_remove(this->fd(), fd) : 0;
    }
    [[nodiscard]] int wait(epoll_event* events, int capacity, std::int64_t timeout_ns) {
        if (timeout_ns > 0) [[unlikely]] {
            return sys::epoll_wait(fd(), events, capacity, timeout_ns);
        }
        // -1 and 0 mean the same in milliseconds.
        return sys::epoll_wait_ms(fd(), events, capacity, static_cast<int>(timeout_ns));
    }

private:
    [[nodiscard]] int replace_stale_entry(int fd, std::uint32_t events, Slot& slot) noexcept;

    OwnedFd fd_;
};

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE::detail
