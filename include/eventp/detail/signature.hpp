// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

#include <eventp/event.hpp>
#include <eventp/interest.hpp>
#include <eventp/registration_id.hpp>

namespace eventp::inline EVENTP_ABI_NAMESPACE {

class ReactorOps;
class Reactor;

namespace detail {

template <typename... Ts>
struct TypeList {
    static constexpr std::size_t size = sizeof...(Ts);
};

// --- reading a signature ---

/// Parameters and result of a function, member function or call operator, if they can be read.
template <typename F>
struct SignatureOf {
    static constexpr bool readable = false;
};
template <typename R, typename... A>
struct Signature {
    static constexpr bool readable = true;
    using Result = R;
    using Parameters = TypeList<A...>;
};
template <typename R, typename... A, bool N>
struct SignatureOf<R (*)(A...) noexcept(N)> : Signature<R, A...> {};
template <typename R, typename C, typename... A, bool N>
struct SignatureOf<R (C::*)(A...) noexcept(N)> : Signature<R, A...> {
    using Class = C;
};
template <typename R, typename C, typename... A, bool N>
struct SignatureOf<R (C::*)(A...) const noexcept(N)> : Signature<R, A...> {
    using Class = const C;
};
template <typename R, typename C, typename... A, bool N>
struct SignatureOf<R (C::*)(A...) & noexcept(N)> : Signature<R, A...> {
    using Class = C;
};
template <typename R, typename C, typename... A, bool N>
struct SignatureOf<R (C::*)(A...) const & noexcept(N)> : Signature<R, A...> {
    using Class = const C;
};

template <typename F, typename... A>
consteval bool takes(TypeList<A...> /*parameters*/) {
    return std::is_invocable_v<F&, A...>;
}

/// Satisfied if F has exactly one call operator, so that its parameters can be read. (For one with
/// an explicit object parameter, P0847, the first parameter is the object.)
template <typename F>
concept HasOneCallOperator = std::is_member_function_pointer_v<decltype(&F::operator())> ||
                             takes<F>(typename SignatureOf<decltype(&F::operator())>::Parameters{});

template <typename F>
struct CallSignature : SignatureOf<F> {};
template <HasOneCallOperator F>
struct CallSignature<F> : SignatureOf<decltype(&F::operator())> {};

// --- the argument for each parameter ---

/// All arguments that a handler can receive, for one event.
template <typename Fd>
struct Arguments {
    Fd& fd;
    Event event;
    Interest interest;
    RegistrationId registration;
    ReactorOps& reactor;
};

template <typename A, typename T>
inline constexpr bool is_reference_to = std::is_same_v<A, T&> || std::is_same_v<A, const T&>;

template <typename A>
inline constexpr bool is_value_parameter = std::is_same_v<std::remove_cvref_t<A>, Event> ||
                                           std::is_same_v<std::remove_cvref_t<A>, Interest> ||
                                           std::is_same_v<std::remove_cvref_t<A>, RegistrationId>;

template <typename A, typename Fd>
inline constexpr bool is_allowed = is_reference_to<A, Fd> || is_reference_to<A, ReactorOps> ||
                                   (is_value_parameter<A> && !std::is_rvalue_reference_v<A>);

template <typename... A>
inline constexpr bool all_different = true;
template <typename A, typename... Rest>
inline constexpr bool all_different<A, Rest...> =
    (!std::is_same_v<std::remove_cvref_t<A>, std::remove_cvref_t<Rest>> && ...) &&
    all_different<Rest...>;

template <typename A, typename Fd>
constexpr decltype(auto) pick(Arguments<Fd>& from) noexcept {
    using T = std::remove_cvref_t<A>;
    if constexpr (std::is_same_v<T, std::remove_cv_t<Fd>>) {
        return (from.fd);
    } else if constexpr (std::is_same_v<T, Event>) {
        return (from.event);
    } else if constexpr (std::is_same_v<T, Interest>) {
        return (from.interest);
    } else if constexpr (std::is_same_v<T, RegistrationId>) {
        return (from.registration);
    } else {
        return (from.reactor);
    }
}

/// The type of the list, as a std::type_identity; void if a parameter is not allowed, so that the
/// error of a static_assert is the only one.
template <typename Fd, typename... A>
consteval auto check_parameters(TypeList<A...> /*parameters*/) {
    constexpr bool takes_reactor = (std::is_same_v<std::remove_cvref_t<A>, Reactor> || ...);
    constexpr bool is_every_one_allowed = (is_allowed<A, Fd> && ...);
    static_assert(!takes_reactor,
                  "eventp: a handler takes ReactorOps&, not Reactor&: a handler must not run, move "
                  "or destroy the reactor that called it");
    static_assert(is_every_one_allowed || takes_reactor,
                  "eventp: a handler takes any of Fd&, const Fd&, Event, Interest, RegistrationId "
                  "and ReactorOps&, where Fd is the descriptor object it was registered with");
    static_assert(all_different<A...>, "eventp: a handler takes each of its parameters once");
    constexpr bool is_good = is_every_one_allowed && all_different<A...>;
    return std::type_identity<std::conditional_t<is_good, TypeList<A...>, void>>{};
}

// --- callables without one readable call operator ---

/// What a generic callable is tried with. The small values are rvalues here, so that `auto&` takes
/// only the descriptor and the reactor and no body is instantiated with a value it cannot use.
template <typename Fd>
using HandlerParameters = TypeList<Fd&, Event, ReactorOps&, Interest, RegistrationId>;

/// The longest subsequence of All that a callable accepts as its parameters.
template <typename F, typename All>
struct LongestCallable {
    template <typename List>
    struct Fits;
    template <typename... A>
    struct Fits<TypeList<A...>> : std::is_invocable<F&, A...> {};

    /// Depth first through the subsequences of All that have `Left` elements, in order.
    template <std::size_t Left, typename Chosen, typename Rest>
    struct Search {
        using Type = void;
    };
    template <typename... C, typename Rest>
    struct Search<0, TypeList<C...>, Rest> {
        using Type = std::conditional_t<Fits<TypeList<C...>>::value, TypeList<C...>, void>;
    };
    template <std::size_t Left, typename... C, typename Next, typename... Rest>
        requires(Left > 0)
    struct Search<Left, TypeList<C...>, TypeList<Next, Rest...>> {
        using With = typename Search<Left - 1, TypeList<C..., Next>, TypeList<Rest...>>::Type;
        static constexpr auto choose() {
            if constexpr (!std::is_void_v<With>) {
                return std::type_identity<With>{};
            } else {
                return std::type_identity<
                    typename Search<Left, TypeList<C...>, TypeList<Rest...>>::Type>{};
            }
        }
        using Type = typename decltype(choose())::type;
    };

    /// The longest list that fits, and of those the first.
    template <std::size_t Size>
    static constexpr auto longest() {
        using Found = typename Search<Size, TypeList<>, All>::Type;
        if constexpr (!std::is_void_v<Found> || Size == 0) {
            return std::type_identity<Found>{};
        } else {
            return longest<Size - 1>();
        }
    }
    using Type = typename decltype(longest<All::size>())::type;
};

}  // namespace detail
}  // namespace eventp::inline EVENTP_ABI_NAMESPACE
