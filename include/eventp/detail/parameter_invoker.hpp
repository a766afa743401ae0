// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <type_traits>

#include <eventp/detail/member_handler.hpp>
#include <eventp/detail/signature.hpp>

namespace eventp::inline EVENTP_ABI_NAMESPACE::detail {

/// Calls the handler of a source that is not a descriptor (a timer, a child) with the arguments for
/// its parameters. `Source` defines which ones it may have:
///
///     Arguments                 all arguments for one call
///     Parameters                a TypeList of them: values by value, the others as T&
///     is_parameter<A>           A is allowed as a parameter
///     refuse_unless<bool>()     if false: an error that lists the allowed parameters
///     pick<A>(arguments)        the argument for parameter A
///     end(arguments)            the object of a std::weak_ptr has been destroyed
template <typename Source, typename F>
struct ParameterInvoker {
    using Arguments = typename Source::Arguments;

    static constexpr void call(F& handler, Arguments& from) {
        static_assert(!std::is_bind_expression_v<F>,
                      "eventp: std::bind ignores surplus arguments, so its parameters cannot be "
                      "read: use a lambda or std::bind_front");
        if constexpr (CallSignature<F>::readable && !std::is_member_function_pointer_v<F>) {
            call_with(handler, from, typename CallSignature<F>::Parameters{});
        } else {
            using Found = typename LongestCallable<F, typename Source::Parameters>::Type;
            Source::template refuse_unless<!std::is_void_v<Found>>();
            if constexpr (!std::is_void_v<Found>) {
                call_with(handler, from, Found{});
            }
        }
    }

private:
    template <typename... A>
    static constexpr void call_with(F& handler, Arguments& from, TypeList<A...> /*parameters*/) {
        constexpr bool takes_reactor = (std::is_same_v<std::remove_cvref_t<A>, Reactor> || ...);
        constexpr bool allowed = (Source::template is_parameter<A> && ...);
        static_assert(!takes_reactor,
                      "eventp: a handler takes ReactorOps&, not Reactor&: a handler must not run, "
                      "move or destroy the reactor that called it");
        Source::template refuse_unless<allowed || takes_reactor>();
        static_assert(all_different<A...>, "eventp: a handler takes each of its parameters once");
        if constexpr (allowed && all_different<A...>) {
            static_assert(std::is_void_v<std::invoke_result_t<F&, A...>>,
                          "eventp: a handler must return void; its result would be ignored");
            std::invoke(handler, static_cast<A>(Source::template pick<A>(from))...);
        }
    }
};

template <typename Source, auto Function, typename Holder>
struct ParameterInvoker<Source, MemberHandler<Function, Holder>> {
    using Arguments = typename Source::Arguments;

    static void call(MemberHandler<Function, Holder>& handler, Arguments& from) {
        const auto call_with = [&from]<typename F>(F& callable) {
            ParameterInvoker<Source, F>::call(callable, from);
        };
        if (!call_member(handler, call_with)) {
            Source::end(from);
        }
    }
};

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE::detail
