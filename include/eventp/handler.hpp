// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <type_traits>
#include <utility>

#include <eventp/detail/member_handler.hpp>
#include <eventp/detail/null_handler.hpp>
#include <eventp/detail/signature.hpp>

namespace eventp::inline EVENTP_ABI_NAMESPACE {

/// Handlers: plain callables whose parameters say what they need. [handler.parameters]
///
/// A handler takes any subset of the following, in any order, each at most once:
///
///     Fd&, const Fd&   the descriptor object that it was registered with, or what that points to
///     Event            what was reported
///     Interest         what is registered at the moment of the call
///     RegistrationId   its own id
///     ReactorOps&      the operations of the reactor that it may use
///
/// and returns nothing. It may be a function, a function pointer, a member function of the
/// descriptor object, a functor or a lambda (mutable, noexcept and move-only ones too).
/// The parameters are read from the signature at compile time. Any other parameter does not
/// compile, with an error of one sentence. A null pointer or an empty std::function is refused when
/// the subscriber is built. [handler.null]
///
/// A callable without one readable call operator (a generic lambda, an overload set,
/// std::bind_front) is tried with the parameters in the order descriptor, Event, ReactorOps&,
/// Interest, RegistrationId: the most parameters first, and the first list that fits is used.
/// [handler.generic] To give the parameters explicitly: `with_handler<Args...>(f)`.
/// [handler.explicit]
/// A member function of any other object is `with_handler<&App::on_accept>(app)`; it is called
/// directly, like a StaticHandler. `app` is an lvalue or a pointer, whose object has to outlive the
/// subscriber; a std::shared_ptr, which is kept as long as the subscriber; or a std::weak_ptr: when
/// an event arrives and its object has been destroyed, the subscriber is removed instead.
/// [handler.member]
/// std::bind is refused: it accepts any number of arguments and ignores those it does not need.

/// A handler that is part of the type, so that it is called directly. [handler.static]
///
/// A handler that is stored as a pointer costs a second indirect branch per event; this one none.
template <auto Function>
struct StaticHandler {};

/// A handler whose parameters were given explicitly.
template <typename F, typename... Args>
struct TypedHandler {
    F function;
};

namespace detail {

template <typename F, typename... Args>
[[nodiscard]] constexpr bool is_null_handler(const TypedHandler<F, Args...>& handler) noexcept {
    return is_null_handler(handler.function);
}

template <typename Result>
consteval void check_result() {
    static_assert(std::is_void_v<Result>,
                  "eventp: a handler must return void; its result would be ignored");
}

/// The parameters that a handler for an `Fd` is called with, as a TypeList; an error of one
/// sentence if they are not allowed.
template <typename Fd, typename F>
struct HandlerSignature {
    using Plain = std::remove_cv_t<F>;
    static_assert(!std::is_bind_expression_v<Plain>,
                  "eventp: std::bind ignores surplus arguments, so its parameters cannot be read: "
                  "use a lambda or std::bind_front");

    static consteval auto parameters() {
        if constexpr (std::is_member_function_pointer_v<Plain>) {
            using Sig = SignatureOf<Plain>;
            static_assert(Sig::readable,
                          "eventp: a member function that is a handler must not be volatile, "
                          "variadic or &&-qualified");
            static_assert(std::is_convertible_v<Fd&, typename Sig::Class&>,
                          "eventp: a member function that is a handler must belong to the "
                          "descriptor object that it is registered with; of another object it is "
                          "with_handler<&App::f>(app)");
            check_result<typename Sig::Result>();
            return check_parameters<Fd>(typename Sig::Parameters{});
        } else if constexpr (CallSignature<Plain>::readable) {
            check_result<typename CallSignature<Plain>::Result>();
            return check_parameters<Fd>(typename CallSignature<Plain>::Parameters{});
        } else {
            using Found = typename LongestCallable<Plain, HandlerParameters<Fd>>::Type;
            static_assert(!std::is_void_v<Found>,
                          "eventp: no order of descriptor, Event, ReactorOps&, Interest and "
                          "RegistrationId fits this handler: name them with "
                          "with_handler<Args...>");
            return std::type_identity<Found>{};
        }
    }
    using Parameters = typename decltype(parameters())::type;

    static constexpr F& callable(F& handler) noexcept { return handler; }
};

template <typename Fd, typename F, typename... A>
struct HandlerSignature<Fd, TypedHandler<F, A...>> {
    using Parameters = typename decltype(check_parameters<Fd>(TypeList<A...>{}))::type;
    static constexpr F& callable(TypedHandler<F, A...>& handler) noexcept {
        return handler.function;
    }
};

template <typename Fd, auto Function>
struct HandlerSignature<Fd, StaticHandler<Function>> {
    [[gnu::visibility("hidden")]] static constexpr auto function = Function;
    using Parameters = typename HandlerSignature<Fd, decltype(Function)>::Parameters;
    static constexpr const auto& callable(StaticHandler<Function>& /*handler*/) noexcept {
        return function;
    }
};

/// Calls a handler with the arguments for its parameters.
template <typename Fd, typename F, typename... A>
constexpr void call_with(F& callable, Arguments<Fd>& from, TypeList<A...> /*parameters*/) {
    if constexpr (std::is_member_function_pointer_v<F>) {
        typename SignatureOf<std::remove_cv_t<F>>::Class& object = from.fd;
        (object.*callable)(static_cast<A>(pick<A>(from))...);
    } else {
        check_result<std::invoke_result_t<F&, A...>>();
        callable(static_cast<A>(pick<A>(from))...);
    }
}

/// The same for any handler.
template <typename Fd, typename F>
constexpr void call_handler(F& handler, Arguments<Fd>& from) {
    if constexpr (is_member_handler<F>) {
        if (!call_member(handler, [&from](auto& callable) { call_handler(callable, from); })) {
            from.reactor.remove(from.registration);
        }
    } else {
        using Signature = HandlerSignature<Fd, F>;
        if constexpr (!std::is_void_v<typename Signature::Parameters>) {
            call_with(Signature::callable(handler), from, typename Signature::Parameters{});
        }
    }
}

}  // namespace detail
}  // namespace eventp::inline EVENTP_ABI_NAMESPACE
