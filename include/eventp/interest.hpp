// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <type_traits>

#include <sys/epoll.h>

#include <eventp/platform.hpp>

namespace eventp::inline EVENTP_ABI_NAMESPACE {

namespace detail {
struct Missing;
template <typename Fd, typename Handler>
class Builder;
}  // namespace detail

template <auto Function>
struct StaticHandler;
template <typename F, typename... Args>
struct TypedHandler;

/// The events that a subscriber wants: a value type over the EPOLL bits of epoll_ctl(2).
///
///     Interest{}.read().edge_triggered()
///
/// Each setter returns a new value. with_fd() and with_handler() begin the construction of a
/// subscriber; they are defined in builder.hpp. An empty interest registers a subscriber without
/// watching its descriptor (see ReactorOps::modify). Interest and Event do not convert into each
/// other.
/// Thread safety:  like an int.
class Interest {
public:
    constexpr Interest() noexcept = default;
    constexpr explicit Interest(std::uint32_t bits) noexcept : bits_{bits} {}

    /// EPOLLIN: data to read, a connection to accept, or end of file.
    [[nodiscard]] constexpr Interest read() const noexcept { return with(EPOLLIN); }
    /// EPOLLOUT: room to write, or a connection attempt has finished.
    [[nodiscard]] constexpr Interest write() const noexcept { return with(EPOLLOUT); }
    [[nodiscard]] constexpr Interest read_write() const noexcept {
        return with(EPOLLIN | EPOLLOUT);
    }
    /// EPOLLRDHUP: the peer has shut down its sending direction.
    [[nodiscard]] constexpr Interest read_hangup() const noexcept { return with(EPOLLRDHUP); }
    /// EPOLLPRI: out-of-band data, or another exceptional condition of poll(2).
    [[nodiscard]] constexpr Interest priority() const noexcept { return with(EPOLLPRI); }
    /// EPOLLERR and EPOLLHUP only, which the kernel reports with every interest that is not empty:
    /// removes all other conditions and keeps the modes. [interest.errors_only]
    [[nodiscard]] constexpr Interest errors_only() const noexcept {
        return Interest{(bits_ & ~conditions) | EPOLLERR | EPOLLHUP};
    }
    /// EPOLLET: an event for each change, instead of one in every turn while the condition holds.
    [[nodiscard]] constexpr Interest edge_triggered() const noexcept { return with(EPOLLET); }
    /// EPOLLONESHOT: one event, then none until modify().
    [[nodiscard]] constexpr Interest oneshot() const noexcept { return with(EPOLLONESHOT); }
    /// EPOLLWAKEUP: the system does not suspend while the event is handled. Has no effect, and the
    /// kernel reports no error, if the process lacks CAP_BLOCK_SUSPEND.
    [[nodiscard]] constexpr Interest keep_awake() const noexcept { return with(EPOLLWAKEUP); }
    /// EPOLLEXCLUSIVE: if several epoll instances watch one file, an event does not wake all of
    /// them. Cannot be combined with read_hangup, priority or oneshot, and cannot be changed by
    /// modify(). A constant expression with a forbidden combination does not compile; at run time
    /// ReactorOps::add() and modify() fail with invalid_argument. [interest.exclusive]
    [[nodiscard]] constexpr Interest exclusive() const noexcept { return with(EPOLLEXCLUSIVE); }

    /// This interest without the flags of `other`.
    [[nodiscard]] constexpr Interest without(Interest other) const noexcept {
        return Interest{bits_ & ~other.bits_};
    }

    /// Begins a subscriber with a descriptor object, or a pointer to one (fd.hpp).
    template <typename Fd>
    [[nodiscard]] detail::Builder<std::decay_t<Fd>, detail::Missing> with_fd(Fd&& fd) const;

    /// Begins a subscriber with its handler: any callable that handler.hpp describes.
    template <typename F>
    [[nodiscard]] detail::Builder<detail::Missing, std::decay_t<F>> with_handler(F&& handler) const;
    /// The same, with the parameters of the handler given explicitly.
    template <typename A, typename... Args, typename F>
    [[nodiscard]] detail::Builder<detail::Missing, TypedHandler<std::decay_t<F>, A, Args...>>
    with_handler(F&& handler) const;
    /// The same for a function or member function known at compile time: it is called directly.
    template <auto Function>
    [[nodiscard]] detail::Builder<detail::Missing, StaticHandler<Function>> with_handler() const;
    /// The same for a member function of `object` (handler.hpp): it is called directly.
    template <auto Function, typename Object>
    [[nodiscard]] auto with_handler(Object&& object) const;

    [[nodiscard]] constexpr bool is_read() const noexcept { return has(EPOLLIN); }
    [[nodiscard]] constexpr bool is_write() const noexcept { return has(EPOLLOUT); }
    [[nodiscard]] constexpr bool is_read_hangup() const noexcept { return has(EPOLLRDHUP); }
    [[nodiscard]] constexpr bool is_priority() const noexcept { return has(EPOLLPRI); }
    [[nodiscard]] constexpr bool is_edge_triggered() const noexcept { return has(EPOLLET); }
    [[nodiscard]] constexpr bool is_oneshot() const noexcept { return has(EPOLLONESHOT); }
    [[nodiscard]] constexpr bool keeps_awake() const noexcept { return has(EPOLLWAKEUP); }
    [[nodiscard]] constexpr bool is_exclusive() const noexcept { return has(EPOLLEXCLUSIVE); }

    /// No condition is requested, whatever the modes are.
    [[nodiscard]] constexpr bool is_empty() const noexcept { return (bits_ & conditions) == 0; }

    /// The kernel knows all bits and accepts the combination. [interest.exclusive]
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
        const std::uint32_t combined = bits_ | bits;
        if consteval {
            if ((combined & EPOLLEXCLUSIVE) != 0 && (combined & not_with_exclusive) != 0) {
                exclusive_cannot_be_combined_with_read_hangup_priority_or_oneshot();
            }
        }
        return Interest{combined};
    }
    /// Not constexpr and not defined: a constant expression that calls it does not compile.
    static void exclusive_cannot_be_combined_with_read_hangup_priority_or_oneshot();

    std::uint32_t bits_ = 0;
};

/// The names of the bits: "EPOLLIN|EPOLLET"; "0" if there are none.
[[nodiscard]] EVENTP_API std::string to_string(Interest interest);

/// An empty Interest, to begin a chain:
/// `interest().read().with_fd(fd).with_handler(f).register_into(reactor)`. [builder.interest]
[[nodiscard]] constexpr Interest interest() noexcept {
    return {};
}

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE
