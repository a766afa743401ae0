// SPDX-License-Identifier: MIT
#pragma once

#include <type_traits>

#include <eventp/detail/signature.hpp>
#include <eventp/exit_status.hpp>
#include <eventp/reactor_ops.hpp>

namespace eventp::inline EVENTP_ABI_NAMESPACE {

class ChildProcess;

namespace detail {

/// The parameters that a handler given to ChildProcess::on_exit() may have: see ParameterInvoker.
struct ExitParameters {
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): all members are initialised.
    struct Arguments {
        ExitStatus status;
        ChildProcess& child;
        ReactorOps& reactor;
    };
    using Parameters = TypeList<ExitStatus, ChildProcess&, ReactorOps&>;

    template <typename A>
    static constexpr bool is_parameter =
        is_reference_to<A, ReactorOps> || is_reference_to<A, ChildProcess> ||
        (std::is_same_v<std::remove_cvref_t<A>, ExitStatus> && !std::is_rvalue_reference_v<A>);

    template <bool Allowed>
    static consteval void refuse_unless() {
        static_assert(Allowed,
                      "eventp: a handler given to on_exit() takes any of ExitStatus, "
                      "ChildProcess& and ReactorOps&");
    }

    template <typename A>
    static constexpr decltype(auto) pick(Arguments& from) noexcept {
        using T = std::remove_cvref_t<A>;
        if constexpr (std::is_same_v<T, ExitStatus>) {
            return (from.status);
        } else if constexpr (std::is_same_v<T, ChildProcess>) {
            return (from.child);
        } else {
            return (from.reactor);
        }
    }

    static constexpr void end(Arguments& /*from*/) noexcept {}
};

}  // namespace detail
}  // namespace eventp::inline EVENTP_ABI_NAMESPACE
