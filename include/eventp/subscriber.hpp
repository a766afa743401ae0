// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>

#include <eventp/detail/slot.hpp>
#include <eventp/fd.hpp>
#include <eventp/handler.hpp>
#include <eventp/interest.hpp>

namespace eventp::inline EVENTP_ABI_NAMESPACE {

namespace detail {

/// handle() has one readable signature.
template <typename S>
concept HasReadableHandle = requires {
    requires SignatureOf<decltype(&S::handle)>::readable;
    requires std::is_convertible_v<S&, typename SignatureOf<decltype(&S::handle)>::Class&>;
};

template <typename S>
struct HandleCaller {
    S& object;
    /// T is S; as a default argument it delays the lookup, so that a type without handle() fails
    /// the concept Subscriber and does not cause an error here.
    template <typename... A, typename T = S>
    constexpr auto operator()(A&&... arguments)
        -> decltype(static_cast<T&>(object).handle(std::forward<A>(arguments)...)) {
        return static_cast<T&>(object).handle(std::forward<A>(arguments)...);
    }
};

template <typename S>
concept HasHandle =
    HasReadableHandle<S> ||
    !std::is_void_v<typename LongestCallable<HandleCaller<S>, HandlerParameters<S>>::Type>;

}  // namespace detail

template <typename S>
concept HasAfterFork = requires(S& x, ReactorOps& reactor) { x.after_fork(reactor); };

/// What a reactor can dispatch to: a type with a descriptor, an interest and handle().
///
/// The builder makes FdSubscribers; a class of your own needs fd(), interest() and handle().
/// handle() takes its parameters as any handler does (handler.hpp); its descriptor object is the
/// subscriber itself. interest() is called once, when the AnySubscriber is made. fd() is called
/// when the subscriber is added or resumed, and may not use the reactor (ReactorOps). The
/// destructor must be noexcept. [subscriber.custom]
///
/// A subscriber, or the descriptor object of one that the builder made, may have a member
/// `void after_fork(ReactorOps&)`. It is called in a forked child that takes over its copy of the
/// reactor (Reactor::reinit_after_fork), to replace what the object shares with the parent, under
/// the same descriptor (dup3(2)); the subscriber stays registered then. Others are destroyed.
/// [fork.reinit]
template <typename S>
concept Subscriber = !std::is_const_v<S> && Descriptor<S> && requires(const S& x) {
    { x.interest() } -> std::same_as<Interest>;
} && detail::HasHandle<S>;

/// Descriptor object, interest and handler as one subscriber: what the builder makes.
template <Descriptor Fd, typename Handler>
class FdSubscriber {
public:
    FdSubscriber(Interest interest, Fd fd, Handler function)
        : fd_{std::move(fd)}, interest_{interest}, handler_{std::move(function)} {}

    [[nodiscard]] int fd() { return fd_of(fd_); }
    /// The interest to register at first; modify() does not change it.
    [[nodiscard]] Interest interest() const noexcept { return interest_; }
    [[nodiscard]] Fd& descriptor() noexcept { return fd_; }

    [[nodiscard]] Handler& handler() noexcept { return handler_; }

    /// Calls the handler as dispatch does.
    void handle(Event event, Interest interest, RegistrationId id, ReactorOps& reactor) {
        detail::Arguments<detail::UnwrappedOf<Fd>> arguments{detail::Unwrapped<Fd>::get(fd_), event,
                                                             interest, id, reactor};
        detail::call_handler(handler_, arguments);
    }

private:
    Fd fd_;
    Interest interest_;  // here, because most descriptor objects have four bytes
    [[no_unique_address]] Handler handler_;
};

namespace detail {

/// How a subscriber is called, and found by type.
template <Subscriber S>
struct SubscriberTraits {
    using Fd = S;
    static Fd& descriptor_object(S& value) noexcept { return value; }
    static auto handler(S& value) noexcept {
        if constexpr (HasReadableHandle<S>) {
            return StaticHandler<&S::handle>{};
        } else {
            return HandleCaller<S>{value};
        }
    }
    static void* find(S& value, const void* key) noexcept {
        return key == type_key<S>() ? std::addressof(value) : nullptr;
    }
    static constexpr bool has_after_fork = HasAfterFork<S>;
    static void after_fork(S& value, ReactorOps& reactor) {
        if constexpr (has_after_fork) {
            value.after_fork(reactor);
        }
    }
};

template <typename Object, typename Handler>
struct SubscriberTraits<FdSubscriber<Object, Handler>> {
    using S = FdSubscriber<Object, Handler>;

    using Fd = UnwrappedOf<Object>;
    static Fd& descriptor_object(S& value) noexcept {
        return Unwrapped<Object>::get(value.descriptor());
    }
    static Handler& handler(S& value) noexcept { return value.handler(); }
    static void* find(S& value, const void* key) noexcept {
        if (key == type_key<S>()) {
            return std::addressof(value);
        }
        if (key == type_key<std::remove_cv_t<Object>>()) {
            return std::addressof(value.descriptor());
        }
        if constexpr (!std::is_const_v<Fd>) {
            if (key == type_key<Fd>()) {
                return std::addressof(descriptor_object(value));
            }
        }
        return nullptr;
    }
    static constexpr bool has_after_fork = HasAfterFork<Fd>;
    static void after_fork(S& value, ReactorOps& reactor) {
        if constexpr (has_after_fork) {
            descriptor_object(value).after_fork(reactor);
        }
    }
};

}  // namespace detail
}  // namespace eventp::inline EVENTP_ABI_NAMESPACE
