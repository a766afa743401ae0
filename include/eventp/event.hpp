// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include <sys/epoll.h>

#include <eventp/platform.hpp>

namespace eventp::inline EVENTP_ABI_NAMESPACE {

/// The conditions that were reported for a descriptor: a value type over the bits that
/// epoll_wait(2) returns.
///
/// EPOLLERR and EPOLLHUP are reported even if they were not requested. A test constructs an event
/// from the bits: `Event{EPOLLIN | EPOLLHUP}`.
/// Thread safety:  like an int.
class Event {
public:
    constexpr Event() noexcept = default;
    constexpr explicit Event(std::uint32_t bits) noexcept : bits_{bits} {}

    /// EPOLLIN: a read (or accept) will not block; it may return the end of the stream.
    [[nodiscard]] constexpr bool is_readable() const noexcept { return has(EPOLLIN); }
    /// EPOLLOUT: a write will not block.
    [[nodiscard]] constexpr bool is_writable() const noexcept { return has(EPOLLOUT); }
    /// EPOLLPRI: an exceptional condition, see poll(2).
    [[nodiscard]] constexpr bool is_priority() const noexcept { return has(EPOLLPRI); }
    /// EPOLLERR: an error condition; also for the write end of a pipe without readers.
    [[nodiscard]] constexpr bool is_error() const noexcept { return has(EPOLLERR); }
    /// EPOLLHUP: both directions are shut down; buffered data can still be read.
    [[nodiscard]] constexpr bool is_hangup() const noexcept { return has(EPOLLHUP); }
    /// EPOLLRDHUP or EPOLLHUP: the peer sends nothing more; buffered data can still be read.
    [[nodiscard]] constexpr bool is_read_closed() const noexcept {
        return (bits_ & (EPOLLRDHUP | EPOLLHUP)) != 0;
    }

    [[nodiscard]] constexpr std::uint32_t bits() const noexcept { return bits_; }

    friend constexpr bool operator==(Event, Event) noexcept = default;

private:
    [[nodiscard]] constexpr bool has(std::uint32_t bit) const noexcept {
        return (bits_ & bit) != 0;
    }

    std::uint32_t bits_ = 0;
};

/// The names of the bits: "EPOLLIN|EPOLLHUP"; "0" if there are none.
[[nodiscard]] EVENTP_API std::string to_string(Event event);

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE
