// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include <sys/epoll.h>

#include <eventp/platform.hpp>

namespace eventp {

/// What a subscriber asks to be told about: a value over the EPOLL bits of epoll_ctl(2).
///
/// Each flag has a fluent setter and a `remove_` twin that return a new value. An empty interest
/// takes the descriptor out of the kernel's set and keeps the subscriber (see ReactorOps::modify).
/// It does not convert into an Event, nor an Event into it.
/// Thread safety:  like an int.
class Interest {
public:
    constexpr Interest() noexcept = default;
    constexpr explicit Interest(std::uint32_t bits) noexcept : bits_{bits} {}

    /// EPOLLIN: there is something to read, to accept, or the end of the stream.
    [[nodiscard]] constexpr Interest read() const noexcept { return with(EPOLLIN); }
    /// EPOLLOUT: there is room to write, or a connection attempt has ended.
    [[nodiscard]] constexpr Interest write() const noexcept { return with(EPOLLOUT); }
    [[nodiscard]] constexpr Interest read_write() const noexcept {
        return with(EPOLLIN | EPOLLOUT);
    }
    /// EPOLLRDHUP: the peer has shut down its writing half.
    [[nodiscard]] constexpr Interest read_hangup() const noexcept { return with(EPOLLRDHUP); }
    /// EPOLLPRI: out-of-band data, or another exceptional condition of poll(2).
    [[nodiscard]] constexpr Interest priority() const noexcept { return with(EPOLLPRI); }
    /// EPOLLET: told once for each change, not as long as the condition holds.
    [[nodiscard]] constexpr Interest edge_triggered() const noexcept { return with(EPOLLET); }
    /// EPOLLONESHOT: told once, then not again until modify().
    [[nodiscard]] constexpr Interest oneshot() const noexcept { return with(EPOLLONESHOT); }
    /// EPOLLWAKEUP: keeps the system awake while the event is handled; silently without effect
    /// for a process that lacks CAP_BLOCK_SUSPEND.
    [[nodiscard]] constexpr Interest wakeup() const noexcept { return with(EPOLLWAKEUP); }
    /// EPOLLEXCLUSIVE: of several epoll sets that watch one file, not all are woken. Goes with
    /// none of read_hangup, priority and oneshot, and cannot be changed by modify().
    [[nodiscard]] constexpr Interest exclusive() const noexcept { return with(EPOLLEXCLUSIVE); }

    [[nodiscard]] constexpr Interest remove_read() const noexcept { return without(EPOLLIN); }
    [[nodiscard]] constexpr Interest remove_write() const noexcept { return without(EPOLLOUT); }
    [[nodiscard]] constexpr Interest remove_read_write() const noexcept {
        return without(EPOLLIN | EPOLLOUT);
    }
    [[nodiscard]] constexpr Interest remove_read_hangup() const noexcept {
        return without(EPOLLRDHUP);
    }
    [[nodiscard]] constexpr Interest remove_priority() const noexcept { return without(EPOLLPRI); }
    [[nodiscard]] constexpr Interest remove_edge_triggered() const noexcept {
        return without(EPOLLET);
    }
    [[nodiscard]] constexpr Interest remove_oneshot() const noexcept {
        return without(EPOLLONESHOT);
    }
    [[nodiscard]] constexpr Interest remove_wakeup() const noexcept { return without(EPOLLWAKEUP); }
    [[nodiscard]] constexpr Interest remove_exclusive() const noexcept {
        return without(EPOLLEXCLUSIVE);
    }

    [[nodiscard]] constexpr bool is_read() const noexcept { return has(EPOLLIN); }
    [[nodiscard]] constexpr bool is_write() const noexcept { return has(EPOLLOUT); }
    [[nodiscard]] constexpr bool is_read_hangup() const noexcept { return has(EPOLLRDHUP); }
    [[nodiscard]] constexpr bool is_priority() const noexcept { return has(EPOLLPRI); }
    [[nodiscard]] constexpr bool is_edge_triggered() const noexcept { return has(EPOLLET); }
    [[nodiscard]] constexpr bool is_oneshot() const noexcept { return has(EPOLLONESHOT); }
    [[nodiscard]] constexpr bool is_wakeup() const noexcept { return has(EPOLLWAKEUP); }
    [[nodiscard]] constexpr bool is_exclusive() const noexcept { return has(EPOLLEXCLUSIVE); }

    /// Nothing is asked for: no condition, whatever the modes say.
    [[nodiscard]] constexpr bool is_empty() const noexcept { return (bits_ & conditions) == 0; }

    /// The kernel knows the bits and takes them together. [interest.exclusive]
    [[nodiscard]] constexpr bool is_valid() const noexcept {
        if ((bits_ & ~(conditions | modes)) != 0) {
            return false;
        }
        return !is_exclusive() || (bits_ & not_with_exclusive) == 0;
    }

    [[nodiscard]] constexpr std::uint32_t bits() const noexcept { return bits_; }

    friend constexpr bool operator==(Interest, Interest) noexcept = default;

private:
    static constexpr std::uint32_t conditions = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLPRI |
                                                EPOLLERR | EPOLLHUP | EPOLLRDNORM | EPOLLRDBAND |
                                                EPOLLWRNORM | EPOLLWRBAND | EPOLLMSG;
    static constexpr std::uint32_t modes =
        std::uint32_t{EPOLLET} | EPOLLONESHOT | EPOLLWAKEUP | EPOLLEXCLUSIVE;
    static constexpr std::uint32_t not_with_exclusive = EPOLLRDHUP | EPOLLPRI | EPOLLONESHOT |
                                                        EPOLLRDNORM | EPOLLRDBAND | EPOLLWRNORM |
                                                        EPOLLWRBAND | EPOLLMSG;

    [[nodiscard]] constexpr bool has(std::uint32_t bits) const noexcept {
        return (bits_ & bits) == bits;
    }
    [[nodiscard]] constexpr Interest with(std::uint32_t bits) const noexcept {
        return Interest{bits_ | bits};
    }
    [[nodiscard]] constexpr Interest without(std::uint32_t bits) const noexcept {
        return Interest{bits_ & ~bits};
    }

    std::uint32_t bits_ = 0;
};

/// As Linux spells it: "EPOLLIN|EPOLLET"; "0" when empty.
[[nodiscard]] EVENTP_API std::string to_string(Interest interest);

}  // namespace eventp
