// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

#include <eventp/detail/signature.hpp>

namespace eventp::inline EVENTP_ABI_NAMESPACE::detail {

/// A member function of an object that is not the descriptor object (handler.hpp). `Holder` is a
/// T*, a std::shared_ptr<T> or a std::weak_ptr<T>.
template <auto Function, typename Holder>
struct MemberHandler {
    Holder holder;
};

template <typename F>
inline constexpr bool is_member_handler = false;
template <auto Function, typename Holder>
inline constexpr bool is_member_handler<MemberHandler<Function, Holder>> = true;

template <typename Holder>
struct HeldBy {
    using Type = void;
};
template <typename T>
struct HeldBy<T*> {
    using Type = T;
    static constexpr bool is_weak = false;
    static T* get(T* holder) noexcept { return holder; }
};
template <typename T>
struct HeldBy<std::shared_ptr<T>> {
    using Type = T;
    static constexpr bool is_weak = false;
    static T* get(const std::shared_ptr<T>& holder) noexcept { return holder.get(); }
};
template <typename T>
struct HeldBy<std::weak_ptr<T>> {
    using Type = T;
    static constexpr bool is_weak = true;
    static std::shared_ptr<T> get(const std::weak_ptr<T>& holder) noexcept { return holder.lock(); }
};

template <auto Function, typename Holder>
[[nodiscard]] bool is_null_handler(const MemberHandler<Function, Holder>& handler) noexcept {
    if constexpr (HeldBy<Holder>::is_weak) {
        return false;  // also if it is empty: it is removed by its first event
    } else {
        return handler.holder == nullptr;
    }
}

/// `object`: an lvalue, or a Holder.
template <auto Function, typename Object>
[[nodiscard]] auto make_member_handler(Object&& object) {
    using F = std::remove_cv_t<decltype(Function)>;
    using Given = std::remove_cvref_t<Object>;
    constexpr bool is_holder = !std::is_void_v<typename HeldBy<Given>::Type>;
    static_assert(std::is_member_function_pointer_v<F> && SignatureOf<F>::readable,
                  "eventp: with_handler<Function>(object) takes a member function that is not "
                  "volatile, variadic or &&-qualified");
    static_assert(is_holder || std::is_lvalue_reference_v<Object>,
                  "eventp: the object of a member function that is a handler is not copied: pass "
                  "an lvalue, a pointer, a std::shared_ptr or a std::weak_ptr");
    if constexpr (is_holder) {
        return MemberHandler<Function, Given>{std::forward<Object>(object)};
    } else {
        using Pointer = std::remove_reference_t<Object>*;
        return MemberHandler<Function, Pointer>{std::addressof(object)};
    }
}

/// A callable with the parameters of the member function.
template <auto Function, typename T, typename Parameters>
struct MemberCall;
template <auto Function, typename T, typename... A>
struct MemberCall<Function, T, TypeList<A...>> {
    T& object;

    decltype(auto) operator()(A... arguments) const {
        return (object.*Function)(std::forward<A>(arguments)...);
    }
};

/// Calls `call` with the callable. Returns false, and does not call it, if the object of a
/// std::weak_ptr has been destroyed.
template <auto Function, typename Holder, typename Call>
bool call_member(const MemberHandler<Function, Holder>& handler, const Call& call) {
    using T = typename HeldBy<Holder>::Type;
    using Signature = SignatureOf<std::remove_cv_t<decltype(Function)>>;
    static_assert(std::is_convertible_v<T&, typename Signature::Class&>,
                  "eventp: a member function that is a handler must belong to the object that it "
                  "is registered with");
    // A std::shared_ptr made from a std::weak_ptr keeps the object until the function has returned.
    const auto object = HeldBy<Holder>::get(handler.holder);
    if constexpr (HeldBy<Holder>::is_weak) {
        if (object == nullptr) {
            return false;
        }
    }
    MemberCall<Function, T, typename Signature::Parameters> callable{*object};
    call(callable);
    return true;
}

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE::detail
