// SPDX-License-Identifier: MIT
#pragma once

#include <type_traits>
#include <utility>

#include <eventp/any_subscriber.hpp>
#include <eventp/interest.hpp>
#include <eventp/reactor_ops.hpp>
#include <eventp/subscriber.hpp>

namespace eventp::inline EVENTP_ABI_NAMESPACE::detail {

/// The descriptor or the handler has not been given yet.
struct Missing {};

template <typename T>
inline constexpr bool is_given = !std::is_same_v<T, Missing>;

/// Collects interest, descriptor and handler of a subscriber. with_fd() and with_handler() may be
/// called in either order [builder.commutes]; both are needed for build() and register_into().
template <typename Fd, typename Handler>
class Builder {
    static_assert(Descriptor<Fd> || !is_given<Fd>,
                  "eventp: with_fd() takes a descriptor object (fd(), native_handle() or as_fd(x) "
                  "returns its int) or a pointer to one. It does not take an int: pass "
                  "OwnedFd{fd}, which closes it, or BorrowedFd{fd}, which does not");
    static_assert(std::is_nothrow_destructible_v<Fd> && std::is_nothrow_destructible_v<Handler>,
                  "eventp: the destructor of a descriptor object or of a handler must be noexcept");

public:
    Builder(Interest interest, Fd fd, Handler handler)
        : fd_{std::move(fd)}, handler_{std::move(handler)}, interest_{interest} {}

    /// See Interest::with_fd().
    template <typename NewFd>
    [[nodiscard]] auto with_fd(NewFd&& fd) && {
        static_assert(!is_given<Fd>, "eventp: with_fd() was called before");
        return Builder<std::decay_t<NewFd>, Handler>{interest_, std::forward<NewFd>(fd),
                                                     std::move(handler_)};
    }

    /// See Interest::with_handler().
    template <typename... Args, typename F>
    [[nodiscard]] auto with_handler(F&& handler) && {
        if constexpr (sizeof...(Args) == 0) {
            return handled_by(std::decay_t<F>(std::forward<F>(handler)));
        } else {
            return handled_by(TypedHandler<std::decay_t<F>, Args...>{std::forward<F>(handler)});
        }
    }
    template <auto Function>
    [[nodiscard]] auto with_handler() && {
        return handled_by(StaticHandler<Function>{});
    }
    template <auto Function, typename Object>
    [[nodiscard]] auto with_handler(Object&& object) && {
        return handled_by(make_member_handler<Function>(std::forward<Object>(object)));
    }

    /// Builds the subscriber without registering it. Pass it to ReactorOps::add(), which leaves it
    /// with the caller on failure. [builder.build]
    ///
    /// Returns:        an empty AnySubscriber if the handler is a null pointer or an empty
    ///                 std::function or std::move_only_function: add() fails with
    ///                 invalid_argument then. [handler.null]
    /// Throws:         std::bad_alloc.
    [[nodiscard]] AnySubscriber build() && {
        check_complete();
        if (is_null_handler(handler_)) {
            return {};
        }
        return AnySubscriber::make<FdSubscriber<Fd, Handler>>(interest_, std::move(fd_),
                                                              std::move(handler_));
    }

    /// Builds the subscriber and registers it with a Reactor, a ReactorOps& or a mock.
    /// [builder.register]
    ///
    /// Errors:         those of ReactorOps::add(); invalid_argument for a null handler. The
    ///                 subscriber is destroyed, and its descriptor object with it.
    /// Throws:         std::bad_alloc.
    [[nodiscard]] Result<RegistrationId> register_into(ReactorOps& reactor) && {
        AnySubscriber subscriber = std::move(*this).build();
        return reactor.add(subscriber);
    }

private:
    template <typename NewHandler>
    [[nodiscard]] auto handled_by(NewHandler handler) {
        static_assert(!is_given<Handler>, "eventp: with_handler() was called before");
        return Builder<Fd, NewHandler>{interest_, std::move(fd_), std::move(handler)};
    }
    static consteval void check_complete() {
        static_assert(is_given<Fd>, "eventp: with_fd() is missing");
        static_assert(is_given<Handler>, "eventp: with_handler() is missing");
    }

    Fd fd_;
    Handler handler_;
    Interest interest_;
};

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE::detail

namespace eventp::inline EVENTP_ABI_NAMESPACE {

template <typename Fd>
detail::Builder<std::decay_t<Fd>, detail::Missing> Interest::with_fd(Fd&& fd) const {
    return {*this, std::forward<Fd>(fd), {}};
}

template <typename F>
detail::Builder<detail::Missing, std::decay_t<F>> Interest::with_handler(F&& handler) const {
    return {*this, {}, std::forward<F>(handler)};
}

template <typename A, typename... Args, typename F>
detail::Builder<detail::Missing, TypedHandler<std::decay_t<F>, A, Args...>> Interest::with_handler(
    F&& handler) const {
    return {*this, {}, {std::forward<F>(handler)}};
}

template <auto Function>
detail::Builder<detail::Missing, StaticHandler<Function>> Interest::with_handler() const {
    return {*this, {}, {}};
}

template <auto Function, typename Object>
auto Interest::with_handler(Object&& object) const {
    auto handler = detail::make_member_handler<Function>(std::forward<Object>(object));
    return detail::Builder<detail::Missing, decltype(handler)>{*this, {}, std::move(handler)};
}

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE
