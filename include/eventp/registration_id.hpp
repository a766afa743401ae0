// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include <eventp/fd.hpp>

#if defined(__cpp_lib_format)
#include <format>
#endif

namespace eventp::inline EVENTP_ABI_NAMESPACE {

/// Identifies one registration: a descriptor and a generation.
///
/// Generations are unique in the process. If the registration has ended, or belongs to another
/// reactor, then operations return that nothing is registered under the id, and affect no other
/// registration. [registration.stale]
/// Each copy of the library has a counter of its own. If a program and a plugin have a copy each, a
/// RegistrationId of one copy may equal one of the other: do not pass it to a reactor of the other.
/// Not promised:   uniqueness after 2^32 registrations in one process.
/// Thread safety:  like an int.
class RegistrationId {
public:
    constexpr RegistrationId() noexcept = default;
    constexpr RegistrationId(int fd, std::uint32_t generation) noexcept
        : fd_{fd}, generation_{generation} {}

    /// The descriptor that was registered. It may have been closed or reused since.
    [[nodiscard]] constexpr int fd() const noexcept { return fd_; }
    [[nodiscard]] constexpr std::uint32_t generation() const noexcept { return generation_; }

    friend constexpr bool operator==(RegistrationId, RegistrationId) noexcept = default;

private:
    int fd_ = -1;
    std::uint32_t generation_ = 0;  // 0: no registration
};
static_assert(sizeof(RegistrationId) == 8);

/// "7#42": descriptor, then generation.
[[nodiscard]] EVENTP_API std::string to_string(RegistrationId registration);

/// The parameter type of a reactor's operations. Converts from a RegistrationId, which identifies
/// one registration, and from any Descriptor, which identifies whatever is registered under its
/// descriptor.
class RegistrationKey {
public:
    // NOLINTNEXTLINE(google-explicit-constructor): a RegistrationId is meant to be passed as it is.
    constexpr RegistrationKey(RegistrationId id) noexcept
        : fd_{id.generation() == 0 ? -1 : id.fd()}, generation_{id.generation()} {}

    template <typename T>
        requires(!std::same_as<std::remove_cv_t<T>, RegistrationId> &&
                 !std::same_as<std::remove_cv_t<T>, RegistrationKey> && Descriptor<T>)
    // NOLINTNEXTLINE(google-explicit-constructor): so is a descriptor object.
    constexpr RegistrationKey(T& object) : fd_{fd_of(object)} {}

    template <typename T>
        requires(!std::same_as<T, RegistrationId> && !std::same_as<T, RegistrationKey> &&
                 Descriptor<const T>)
    // NOLINTNEXTLINE(google-explicit-constructor): and a temporary one, BorrowedFd{7}.
    constexpr RegistrationKey(const T& object) : fd_{fd_of(object)} {}

    /// Not from a number: write BorrowedFd{n}.
    template <std::integral T>
    RegistrationKey(T number) =
        delete;  // NOLINT(google-explicit-constructor): to refuse the implicit use

    [[nodiscard]] constexpr int fd() const noexcept { return fd_; }
    /// 0: whatever is registered under the descriptor.
    [[nodiscard]] constexpr std::uint32_t generation() const noexcept { return generation_; }

    friend constexpr bool operator==(const RegistrationKey&,
                                     const RegistrationKey&) noexcept = default;

private:
    int fd_;
    std::uint32_t generation_ = 0;
};

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE

template <>
struct std::hash<eventp::RegistrationId> {
    [[nodiscard]] std::size_t operator()(eventp::RegistrationId id) const noexcept {
        const auto number = static_cast<std::uint32_t>(id.fd());
        return std::hash<std::uint64_t>{}((std::uint64_t{id.generation()} << 32U) | number);
    }
};

#if defined(__cpp_lib_format)
template <>
struct std::formatter<eventp::RegistrationId> : std::formatter<std::string> {
    auto format(eventp::RegistrationId id, std::format_context& context) const {
        return std::formatter<std::string>::format(eventp::to_string(id), context);
    }
};
#endif
