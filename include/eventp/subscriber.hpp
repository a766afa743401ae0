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

namespace eventp {

namespace detail {

/// handle() in either of its shapes: one readable signature, or a generic or overloaded one.
template <typename S>
concept HasReadableHandle = requires {
    requires SignatureOf<decltype(&S::handle)>::readable;
    requires std::is_convertible_v<S&, typename SignatureOf<decltype(&S::handle)>::Class&>;
};

template <typename S>
struct HandleCaller {
    S& object;
    /// T is S, known late: a type without handle() is told so by the concept, not by an error here.
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

/// What a reactor can dispatch to: a descriptor, what it wants to be told, and handle().
///
/// handle() takes its parameters as any handler does (handler.hpp); its descriptor object is the
/// subscriber itself, so there is no Fd& among them. The builder makes TriSubscribers; a class of
/// your own needs fd(), interest() and handle(). [subscriber.custom]
/// The destructor must not throw: std::terminate is called if it does.
///
/// A subscriber, or the descriptor object of one that the builder made, may have a member
/// `void after_fork(ReactorOps&)`: it then stays registered when a forked child takes its copy of
/// the reactor over (Reactor::reinit_after_fork), and is called there first, to replace what it
/// shares with the parent; its number is read anew after that. Others are destroyed. [fork.reinit]
template <typename S>
concept Subscriber = !std::is_const_v<S> && Descriptor<S> && requires(const S& x) {
    { x.interest() } -> std::same_as<Interest>;
} && detail::HasHandle<S>;

/// Descriptor object, interest and handler as one subscriber: what the builder makes.
template <Descriptor Fd, typename Handler>
class FdSubscriber {
public:
    FdSubscriber(Interest interest, Fd fd, Handler handler)
        : fd_{std::move(fd)}, interest_{interest}, handler_{std::move(handler)} {}

    [[nodiscard]] int fd() { return fd_of(fd_); }
    /// What to register at first; what is registered later is the reactor's to know.
    [[nodiscard]] Interest interest() const noexcept { return interest_; }
    [[nodiscard]] Fd& descriptor() noexcept { return fd_; }

    void handle(Event event, Interest interest, RegistrationId registration, ReactorOps& reactor) {
        detail::inject(handler_, detail::Unwrapped<Fd>::get(fd_), event, interest, registration,
                       reactor);
    }

private:
    Fd fd_;
    Interest interest_;  // behind the descriptor: most are four bytes, and leave a hole of four
    [[no_unique_address]] Handler handler_;
};

namespace detail {

/// How the value in a slot is called, asked for its number, and found by type.
template <Subscriber S>
struct SubscriberTraits {
    static void call(S& value, Event event, Interest interest, RegistrationId registration,
                     ReactorOps& reactor) {
        if constexpr (HasReadableHandle<S>) {
            StaticHandler<&S::handle> handler;
            inject(handler, value, event, interest, registration, reactor);
        } else {
            HandleCaller<S> handler{value};
            inject(handler, value, event, interest, registration, reactor);
        }
    }
    static void* find(S& value, const void* key) noexcept {
        return key == &type_key<S> ? std::addressof(value) : nullptr;
    }
    static constexpr bool has_after_fork = HasAfterFork<S>;
    static void after_fork(S& value, ReactorOps& reactor) {
        if constexpr (has_after_fork) {
            value.after_fork(reactor);
        }
    }
};

template <typename Fd, typename Handler>
struct SubscriberTraits<FdSubscriber<Fd, Handler>> {
    using S = FdSubscriber<Fd, Handler>;

    static void call(S& value, Event event, Interest interest, RegistrationId registration,
                     ReactorOps& reactor) {
        value.handle(event, interest, registration, reactor);
    }
    static void* find(S& value, const void* key) noexcept {
        if (key == &type_key<S>) {
            return std::addressof(value);
        }
        if (key == &type_key<std::remove_cv_t<Fd>>) {
            return std::addressof(value.descriptor());
        }
        if constexpr (!std::is_const_v<UnwrappedOf<Fd>>) {
            if (key == &type_key<UnwrappedOf<Fd>>) {
                return std::addressof(Unwrapped<Fd>::get(value.descriptor()));
            }
        }
        return nullptr;
    }
    static constexpr bool has_after_fork = HasAfterFork<UnwrappedOf<Fd>>;
    static void after_fork(S& value, ReactorOps& reactor) {
        if constexpr (has_after_fork) {
            Unwrapped<Fd>::get(value.descriptor()).after_fork(reactor);
        }
    }
};

}  // namespace detail
}  // namespace eventp
