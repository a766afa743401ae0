// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <type_traits>
#include <utility>

#include <sys/epoll.h>

#include <eventp/reactor_ops.hpp>
#include <eventp/subscriber.hpp>
#include <eventp/thin_subscriber.hpp>

namespace eventp {

/// The end of a chain: interest, descriptor and handler are known.
template <Descriptor Fd, typename Handler>
class ReadyBuilder {
public:
    ReadyBuilder(Interest interest, Fd fd, Handler handler)
        : fd_{std::move(fd)}, handler_{std::move(handler)}, interest_{interest} {}

    /// The subscriber, for ReactorOps::add(): who wants it back when that fails keeps it so.
    /// Throws std::bad_alloc. [builder.build]
    [[nodiscard]] ThinSubscriber build() && {
        return ThinSubscriber::make<TriSubscriber<Fd, Handler>>(interest_, std::move(fd_),
                                                                std::move(handler_));
    }

    /// Registers with a Reactor, a ReactorOps& or a mock. On an error of ReactorOps::add() the
    /// subscriber is destroyed, its descriptor object with it. [builder.register]
    [[nodiscard]] Result<Registration> register_into(ReactorOps& reactor) && {
        ThinSubscriber subscriber = std::move(*this).build();
        return reactor.add(subscriber);
    }

private:
    Fd fd_;
    Handler handler_;
    Interest interest_;
};

namespace detail {

template <typename Fd>
consteval bool check_descriptor() {
    static_assert(Descriptor<Fd>,
                  "eventp: with_fd() takes a descriptor object (fd(), native_handle() or as_fd(x) "
                  "gives an int) or a pointer to one; for a number say OwnedFd{n} or "
                  "BorrowedFd{n}");
    return Descriptor<Fd>;
}

/// with_handler() in its three forms; `Next` says what the chain becomes.
template <typename Self>
class WithHandler {
public:
    /// Any callable (handler.hpp says which).
    template <typename... Args, typename F>
    [[nodiscard]] auto with_handler(F&& handler) && {
        if constexpr (sizeof...(Args) == 0) {
            return self().handled_by(std::decay_t<F>(std::forward<F>(handler)));
        } else {
            return self().handled_by(
                TypedHandler<std::decay_t<F>, Args...>{std::forward<F>(handler)});
        }
    }

    /// A function or member function known at compile time: called directly.
    template <auto Function>
    [[nodiscard]] auto with_handler() && {
        return self().handled_by(StaticHandler<Function>{});
    }

private:
    friend Self;
    WithHandler() = default;
    Self&& self() noexcept { return static_cast<Self&&>(*this); }
};

}  // namespace detail

/// Interest and descriptor; the handler is missing.
template <Descriptor Fd>
class WithFd : public detail::WithHandler<WithFd<Fd>> {
public:
    WithFd(Interest interest, Fd fd) : fd_{std::move(fd)}, interest_{interest} {}

private:
    friend class detail::WithHandler<WithFd>;
    template <typename Handler>
    ReadyBuilder<Fd, Handler> handled_by(Handler handler) && {
        return {interest_, std::move(fd_), std::move(handler)};
    }

    Fd fd_;
    Interest interest_;
};

/// Interest and handler; the descriptor is missing.
template <typename Handler>
class AwaitsFd {
public:
    AwaitsFd(Interest interest, Handler handler)
        : handler_{std::move(handler)}, interest_{interest} {}

    /// Takes a descriptor object over (or a pointer to one: fd.hpp).
    template <typename Fd>
    [[nodiscard]] auto with_fd(Fd&& fd) && {
        if constexpr (detail::check_descriptor<std::decay_t<Fd>>()) {
            return ReadyBuilder<std::decay_t<Fd>, Handler>{interest_, std::forward<Fd>(fd),
                                                           std::move(handler_)};
        }
    }

private:
    Handler handler_;
    Interest interest_;
};

/// The begin of a chain from an interest that is known at run time.
class AnyInterest : public detail::WithHandler<AnyInterest> {
public:
    constexpr explicit AnyInterest(Interest interest) noexcept : interest_{interest} {}

    template <typename Fd>
    [[nodiscard]] auto with_fd(Fd&& fd) && {
        if constexpr (detail::check_descriptor<std::decay_t<Fd>>()) {
            return WithFd<std::decay_t<Fd>>{interest_, std::forward<Fd>(fd)};
        }
    }

private:
    friend class detail::WithHandler<AnyInterest>;
    template <typename Handler>
    AwaitsFd<Handler> handled_by(Handler handler) && {
        return {interest_, std::move(handler)};
    }

    Interest interest_;
};

/// The begin of a chain whose flags are part of its type, so that the compiler refuses what the
/// kernel would. Converts to Interest. [builder.flags]
template <std::uint32_t Bits>
class FlagChain {
public:
    static_assert(Interest{Bits}.is_valid(),
                  "eventp: exclusive() goes with none of read_hangup(), priority() and oneshot(): "
                  "epoll_ctl(2) answers EINVAL");

    [[nodiscard]] constexpr auto read() const noexcept { return with<EPOLLIN>(); }
    [[nodiscard]] constexpr auto write() const noexcept { return with<EPOLLOUT>(); }
    [[nodiscard]] constexpr auto read_write() const noexcept { return with<EPOLLIN | EPOLLOUT>(); }
    [[nodiscard]] constexpr auto read_hangup() const noexcept { return with<EPOLLRDHUP>(); }
    [[nodiscard]] constexpr auto priority() const noexcept { return with<EPOLLPRI>(); }
    [[nodiscard]] constexpr auto edge_triggered() const noexcept {
        return with<std::uint32_t{EPOLLET}>();
    }
    [[nodiscard]] constexpr auto oneshot() const noexcept { return with<EPOLLONESHOT>(); }
    [[nodiscard]] constexpr auto wakeup() const noexcept { return with<EPOLLWAKEUP>(); }
    [[nodiscard]] constexpr auto exclusive() const noexcept { return with<EPOLLEXCLUSIVE>(); }

    template <typename Fd>
    [[nodiscard]] auto with_fd(Fd&& fd) const {
        return AnyInterest{Interest{Bits}}.with_fd(std::forward<Fd>(fd));
    }
    template <typename... Args, typename F>
    [[nodiscard]] auto with_handler(F&& handler) const {
        return AnyInterest{Interest{Bits}}.template with_handler<Args...>(std::forward<F>(handler));
    }
    template <auto Function>
    [[nodiscard]] auto with_handler() const {
        return AnyInterest{Interest{Bits}}.template with_handler<Function>();
    }

    // NOLINTNEXTLINE(google-explicit-constructor): the chain is an Interest with a longer type.
    [[nodiscard]] constexpr operator Interest() const noexcept { return Interest{Bits}; }

private:
    template <std::uint32_t Flag>
    [[nodiscard]] static constexpr auto with() noexcept {
        return FlagChain<Bits | Flag>{};
    }
};

/// Begins a chain: `interest().read().with_fd(fd).with_handler(f).register_into(reactor)`.
/// with_fd() and with_handler() commute. [builder.commutes]
[[nodiscard]] constexpr FlagChain<0> interest() noexcept {
    return {};
}

/// Begins a chain from flags that are known at run time only; what the compiler cannot refuse
/// then, add() does.
[[nodiscard]] constexpr AnyInterest interest(Interest flags) noexcept {
    return AnyInterest{flags};
}

}  // namespace eventp
