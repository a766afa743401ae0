// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <type_traits>
#include <utility>

#include <eventp/detail/null_handler.hpp>
#include <eventp/detail/signature.hpp>

namespace eventp {

/// Handlers: plain callables that name what they need. [handler.parameters]
///
/// A handler takes any subset, in any order, each at most once, of
///
///     Fd&, const Fd&   the descriptor object it was registered with (or what that points at)
///     Event            what was reported
///     Interest         what is registered at the moment of the call
///     RegistrationId     its own name
///     ReactorOps&      what it may do to the reactor
///
/// and returns nothing. It may be a function, a function pointer, a member function of the
/// descriptor object, a functor or a lambda (mutable, noexcept and move-only ones too).
/// Parameters are read from the signature when the handler is compiled; anything else in it is
/// refused with one sentence.
///
/// A callable without one readable call operator (a generic lambda, an overload set,
/// std::bind_front) is tried with the parameters in the order descriptor, Event, ReactorOps&,
/// Interest, RegistrationId: the most parameters first, and the first list that fits is taken.
/// [handler.generic] To say it outright: `with_handler<Args...>(f)`. [handler.explicit]
/// std::bind is refused: it takes any number of arguments and drops what it does not know.

/// A handler that is part of the type, so that it is called directly. [handler.static]
///
/// A handler stored as a pointer costs a second indirect branch per event; this one none.
template <auto Function>
struct StaticHandler {};

/// A handler with its parameters said outright.
template <typename F, typename... Args>
struct TypedHandler {
    F function;
};

namespace detail {

template <typename F, typename... Args>
[[nodiscard]] constexpr bool is_null_handler(const TypedHandler<F, Args...>& handler) noexcept {
    return is_null_handler(handler.function);
}

template <typename Fd, typename F, typename... A>
constexpr void call_with(F& function, Arguments<Fd>& from, TypeList<A...> /*parameters*/) {
    static_assert(std::is_void_v<std::invoke_result_t<F&, A...>>,
                  "eventp: a handler returns void: there is nobody to read its result");
    std::invoke(function, static_cast<A>(pick<A>(from))...);
}

/// A member function of the descriptor object, called for one event. `Function` may be a constant,
/// which makes it a direct call.
template <typename Fd, typename Function>
constexpr void call_member(Function function, Arguments<Fd>& from) {
    using Sig = SignatureOf<Function>;
    static_assert(Sig::readable,
                  "eventp: a member function that is a handler is not "
                  "volatile, not variadic and takes an lvalue");
    static_assert(std::is_convertible_v<Fd&, typename Sig::Class&>,
                  "eventp: a member function that is a handler belongs to the descriptor "
                  "object it was registered with");
    static_assert(std::is_void_v<typename Sig::Result>,
                  "eventp: a handler returns void: there is nobody to read its result");
    if constexpr (check_parameters<Fd>(typename Sig::Parameters{})) {
        const auto call = [&]<typename... A>(TypeList<A...> /*parameters*/) {
            (static_cast<typename Sig::Class&>(from.fd).*
             function)(static_cast<A>(pick<A>(from))...);
        };
        call(typename Sig::Parameters{});
    }
}

/// Calls any handler with what it asks for.
template <typename Fd, typename F>
struct Invoker {
    static constexpr void call(F& function, Arguments<Fd>& from) {
        using Plain = std::remove_cv_t<F>;
        static_assert(!std::is_bind_expression_v<Plain>,
                      "eventp: std::bind drops surplus arguments, so its parameters cannot be "
                      "read: use a lambda or std::bind_front");
        if constexpr (std::is_member_function_pointer_v<Plain>) {
            call_member<Fd, Plain>(function, from);
        } else if constexpr (CallSignature<Plain>::readable) {
            using Sig = CallSignature<Plain>;
            static_assert(std::is_void_v<typename Sig::Result>,
                          "eventp: a handler returns void: there is nobody to read its result");
            if constexpr (check_parameters<Fd>(typename Sig::Parameters{})) {
                call_with(function, from, typename Sig::Parameters{});
            }
        } else {
            using Found = typename LongestCallable<Plain, HandlerParameters<Fd>>::Type;
            static_assert(!std::is_void_v<Found>,
                          "eventp: no order of descriptor, Event, ReactorOps&, Interest and "
                          "RegistrationId fits this handler: name them with with_handler<Args...>");
            if constexpr (!std::is_void_v<Found>) {
                call_with(function, from, Found{});
            }
        }
    }
};

template <typename Fd, typename F, typename... A>
struct Invoker<Fd, TypedHandler<F, A...>> {
    static constexpr void call(TypedHandler<F, A...>& handler, Arguments<Fd>& from) {
        if constexpr (check_parameters<Fd>(TypeList<A...>{})) {
            call_with(handler.function, from, TypeList<A...>{});
        }
    }
};

template <typename Fd, auto Function>
struct Invoker<Fd, StaticHandler<Function>> {
    static constexpr void call(StaticHandler<Function>& /*handler*/, Arguments<Fd>& from) {
        auto function = Function;  // a constant: the call is a direct one
        Invoker<Fd, std::remove_cv_t<decltype(Function)>>::call(function, from);
    }
};

/// Calls `handler` with what it asks for of the five.
template <typename Fd, typename F>
constexpr void inject(F& handler, Fd& fd, Event event, Interest interest,
                      RegistrationId registration, ReactorOps& reactor) {
    Arguments<Fd> arguments{fd, event, interest, registration, reactor};
    Invoker<Fd, F>::call(handler, arguments);
}

}  // namespace detail
}  // namespace eventp
