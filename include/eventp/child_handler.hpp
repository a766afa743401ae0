// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <functional>
#include <type_traits>

#include <eventp/detail/signature.hpp>
#include <eventp/exit_status.hpp>
#include <eventp/reactor_ops.hpp>

namespace eventp {

class ChildProcess;

namespace detail {

// NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): made with all of its members.
struct ExitArguments {
    ExitStatus status;
    ChildProcess& child;
    ReactorOps& reactor;
};

template <typename A>
inline constexpr bool is_exit_parameter =
    is_reference_to<A, ReactorOps> || is_reference_to<A, ChildProcess> ||
    (std::is_same_v<std::remove_cvref_t<A>, ExitStatus> && !std::is_rvalue_reference_v<A>);

/// Calls the handler of a child's end with what it asks for.
template <typename F>
struct ExitInvoker {
    static constexpr void call(F& handler, ExitArguments& from) {
        static_assert(!std::is_bind_expression_v<F>,
                      "eventp: std::bind drops surplus arguments, so its parameters cannot be "
                      "read: use a lambda or std::bind_front");
        if constexpr (CallSignature<F>::readable) {
            call_with(handler, from, typename CallSignature<F>::Parameters{});
        } else {
            call_with(handler, from, first_fit());
        }
    }

private:
    template <typename... A>
    static constexpr void call_with(F& handler, ExitArguments& from, TypeList<A...> /*list*/) {
        static_assert((!std::is_same_v<std::remove_cvref_t<A>, Reactor> && ...),
                      "eventp: a handler is given ReactorOps&, not Reactor&: it may not run, move "
                      "or destroy the reactor that is calling it");
        constexpr bool allowed =
            ((is_exit_parameter<A> || std::is_same_v<std::remove_cvref_t<A>, Reactor>) && ...);
        static_assert(allowed,
                      "eventp: the handler of a child's end takes any of ExitStatus, "
                      "ChildProcess& and ReactorOps&");
        static_assert(all_different<A...>, "eventp: a handler takes each of its parameters once");
        if constexpr ((is_exit_parameter<A> && ...) && all_different<A...>) {
            static_assert(std::is_void_v<std::invoke_result_t<F&, A...>>,
                          "eventp: a handler returns void: there is nobody to read its result");
            std::invoke(handler, static_cast<A>(pick_for_exit<A>(from))...);
        }
    }

    template <typename A>
    static constexpr decltype(auto) pick_for_exit(ExitArguments& from) noexcept {
        using T = std::remove_cvref_t<A>;
        if constexpr (std::is_same_v<T, ExitStatus>) {
            return (from.status);
        } else if constexpr (std::is_same_v<T, ChildProcess>) {
            return (from.child);
        } else {
            return (from.reactor);
        }
    }

    template <typename... A>
    static constexpr bool takes = std::is_invocable_v<F&, A...>;

    /// For a callable without one readable call operator: the most parameters first.
    static constexpr auto first_fit() noexcept {
        if constexpr (takes<ExitStatus, ChildProcess&, ReactorOps&>) {
            return TypeList<ExitStatus, ChildProcess&, ReactorOps&>{};
        } else if constexpr (takes<ExitStatus, ChildProcess&>) {
            return TypeList<ExitStatus, ChildProcess&>{};
        } else if constexpr (takes<ExitStatus, ReactorOps&>) {
            return TypeList<ExitStatus, ReactorOps&>{};
        } else if constexpr (takes<ChildProcess&, ReactorOps&>) {
            return TypeList<ChildProcess&, ReactorOps&>{};
        } else if constexpr (takes<ExitStatus>) {
            return TypeList<ExitStatus>{};
        } else if constexpr (takes<ChildProcess&>) {
            return TypeList<ChildProcess&>{};
        } else if constexpr (takes<ReactorOps&>) {
            return TypeList<ReactorOps&>{};
        } else {
            static_assert(takes<>,
                          "eventp: the handler of a child's end takes any of ExitStatus, "
                          "ChildProcess& and ReactorOps&");
            return TypeList<>{};
        }
    }
};

}  // namespace detail
}  // namespace eventp
