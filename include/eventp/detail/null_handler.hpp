// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <type_traits>

#include <eventp/platform.hpp>

namespace eventp::inline EVENTP_ABI_NAMESPACE::detail {

/// A callable that may be empty: std::function, std::move_only_function and their like. Lambdas are
/// not, although those without captures convert to a pointer.
template <typename F>
concept MaybeEmptyCallable = requires(const F& f) {
    { f.operator bool() } -> std::same_as<bool>;
    { f == nullptr } -> std::convertible_to<bool>;
};

/// The callable is a null pointer or an empty std::function: it cannot be called.
template <typename F>
[[nodiscard]] constexpr bool is_null_handler(const F& handler) noexcept {
    if constexpr (std::is_pointer_v<F> || std::is_member_pointer_v<F> || MaybeEmptyCallable<F>) {
        return handler == nullptr;
    } else {
        return false;
    }
}

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE::detail
