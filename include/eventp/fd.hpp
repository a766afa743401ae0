// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include <eventp/platform.hpp>

namespace eventp::inline EVENTP_ABI_NAMESPACE {

/// A descriptor that other code owns and closes.
///
/// Thread safety:  like an int.
class EVENTP_API BorrowedFd {
public:
    constexpr BorrowedFd() noexcept = default;
    constexpr explicit BorrowedFd(int number) noexcept : number_{number} {}

    [[nodiscard]] constexpr int fd() const noexcept { return number_; }

    friend constexpr bool operator==(BorrowedFd, BorrowedFd) noexcept = default;

private:
    int number_ = -1;
};

/// Owns a descriptor and closes it when it is destroyed. [fd.owned]
///
/// Moved-from and default-constructed objects own nothing; their descriptor is -1.
/// Closing does not change errno: a destructor may run between a failed call and the code that
/// reads errno.
/// Thread safety:  like an int.
class EVENTP_API OwnedFd {
public:
    constexpr OwnedFd() noexcept = default;
    constexpr explicit OwnedFd(int number) noexcept : number_{number} {}
    OwnedFd(OwnedFd&& other) noexcept : number_{other.release()} {}
    OwnedFd& operator=(OwnedFd&& other) noexcept {
        reset(other.release());
        return *this;
    }
    OwnedFd(const OwnedFd&) = delete;
    OwnedFd& operator=(const OwnedFd&) = delete;
    ~OwnedFd() { reset(); }

    [[nodiscard]] constexpr int fd() const noexcept { return number_; }
    [[nodiscard]] constexpr explicit operator bool() const noexcept { return number_ >= 0; }

    /// Returns the descriptor without closing it, and no longer owns it.
    [[nodiscard]] constexpr int release() noexcept { return std::exchange(number_, -1); }

    /// Closes the owned descriptor, if there is one, and takes ownership of `number`.
    void reset(int number = -1) noexcept;

private:
    int number_ = -1;
};

namespace detail {

template <typename T>
concept HasFd = requires(T& x) {
    { x.fd() } -> std::same_as<int>;
};
template <typename T>
concept HasNativeHandle = requires(T& x) {
    { x.native_handle() } -> std::same_as<int>;
};
template <typename T>
concept HasAsFd = requires(T& x) {
    { as_fd(x) } -> std::same_as<int>;
};
template <typename T>
concept PlainDescriptor = HasFd<T> || HasNativeHandle<T> || HasAsFd<T>;

/// What a handler receives for a descriptor object: the object or, for a pointer, the object that
/// it points to.
template <typename T>
struct Unwrapped {
    using Type = T;
    static constexpr T& get(T& x) noexcept { return x; }
};
template <typename T>
struct Unwrapped<T*> {
    using Type = T;
    static constexpr T& get(T* x) noexcept { return *x; }
};
template <typename T>
struct Unwrapped<std::reference_wrapper<T>> {
    using Type = T;
    static constexpr T& get(std::reference_wrapper<T> x) noexcept { return x.get(); }
};
template <typename T, typename Deleter>
struct Unwrapped<std::unique_ptr<T, Deleter>> {
    using Type = T;
    static constexpr T& get(const std::unique_ptr<T, Deleter>& x) noexcept { return *x; }
};
template <typename T>
struct Unwrapped<std::shared_ptr<T>> {
    using Type = T;
    static constexpr T& get(const std::shared_ptr<T>& x) noexcept { return *x; }
};
/// Top-level const on a pointer does not make the pointee const; a const object stays const.
template <typename T>
struct Unwrapped<const T> {
    using Type = std::conditional_t<std::is_same_v<typename Unwrapped<T>::Type, T>, const T,
                                    typename Unwrapped<T>::Type>;
    static constexpr Type& get(const T& x) noexcept {
        if constexpr (std::is_same_v<Type, const T>) {
            // NOLINTNEXTLINE(bugprone-return-const-ref-from-parameter): fd_of() takes lvalues only.
            return x;
        } else {
            return Unwrapped<T>::get(x);
        }
    }
};
template <typename T>
using UnwrappedOf = typename Unwrapped<T>::Type;

}  // namespace detail

/// A type whose lvalues refer to a descriptor: a member fd(), a member native_handle(), or as_fd(x)
/// found by argument-dependent lookup returns exactly `int`. Pointers, std::reference_wrapper,
/// std::unique_ptr and std::shared_ptr of such a type are Descriptors too; handlers receive the
/// object that they point to. [fd.descriptor]
///
/// `int` does not satisfy Descriptor. Write BorrowedFd{n} or OwnedFd{n}, so that the code shows
/// whether it closes the descriptor.
template <typename T>
concept Descriptor = std::is_object_v<T> && detail::PlainDescriptor<detail::UnwrappedOf<T>>;

/// The descriptor that a descriptor object refers to, read from it at each call.
template <Descriptor T>
[[nodiscard]] constexpr int fd_of(T& object) {
    using Plain = detail::UnwrappedOf<T>;
    // NOLINTNEXTLINE(misc-const-correctness): fd() of some types is not const.
    Plain& plain = detail::Unwrapped<T>::get(object);
    if constexpr (detail::HasFd<Plain>) {
        return plain.fd();
    } else if constexpr (detail::HasNativeHandle<Plain>) {
        return plain.native_handle();
    } else {
        return as_fd(plain);
    }
}

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE
