// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include <sys/epoll.h>

#include <eventp/platform.hpp>

namespace eventp::inline EVENTP_ABI_NAMESPACE {

/// What was reported for a descriptor: a value over the bits that epoll_wait(2) gives.
///
/// EPOLLERR and EPOLLHUP are reported whether asked for or not. A test makes one from the bits:
/// `Event{EPOLLIN | EPOLLHUP}`.
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
    /// EPOLLERR: an error condition; also the writing end of a pipe whose readers are gone.
    [[nodiscard]] constexpr bool is_error() const noexcept { return has(EPOLLERR); }
    /// EPOLLHUP: both directions are shut down; what is buffered can still be read.
    [[nodiscard]] constexpr bool is_hangup() const noexcept { return has(EPOLLHUP); }
    /// No more will come from the peer than what is buffered: EPOLLRDHUP, or EPOLLHUP.
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

/// As Linux spells it: "EPOLLIN|EPOLLHUP"; "0" when empty.
[[nodiscard]] EVENTP_API std::string to_string(Event event);

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE
