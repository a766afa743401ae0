// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include <eventp/platform.hpp>

namespace eventp::inline EVENTP_ABI_NAMESPACE {

/// Identifies one timer, for Timers::cancel() and Timers::reschedule().
///
/// If the timer has ended, or belongs to another Timers object, then the operations return false
/// and affect no other timer. [timer.stale]
/// Each copy of the library counts its timers separately. If a program and a plugin have a copy
/// each, a TimerId of one copy may equal one of the other: do not pass it to Timers of the other.
/// Not promised:   uniqueness after the process has armed timers 2^32 times: by after(), at(),
///                 every(), reschedule() and the ticks of every().
/// Thread safety:  like an int.
class TimerId {
public:
    constexpr TimerId() noexcept = default;
    constexpr TimerId(std::uint32_t index, std::uint32_t generation) noexcept
        : word_{(std::uint64_t{generation} << 32U) | index} {}

    [[nodiscard]] constexpr std::uint32_t index() const noexcept {
        return static_cast<std::uint32_t>(word_);
    }
    [[nodiscard]] constexpr std::uint32_t generation() const noexcept {
        return static_cast<std::uint32_t>(word_ >> 32U);
    }

    friend constexpr bool operator==(TimerId, TimerId) noexcept = default;

private:
    // One word: GCC would copy two halves separately, and a load of both waits for those stores.
    std::uint64_t word_ = 0;  // generation 0: no timer
};
static_assert(sizeof(TimerId) == 8);

/// How often a timer has expired since its handler ran last.
///
/// More than once only for Timers::every(), if the handler is called late by a period or more.
class Expirations {
public:
    constexpr explicit Expirations(std::uint64_t count) noexcept : count_{count} {}

    /// At least 1.
    [[nodiscard]] constexpr std::uint64_t count() const noexcept { return count_; }
    /// The expirations for which the handler was not called.
    [[nodiscard]] constexpr std::uint64_t missed() const noexcept { return count_ - 1; }

    friend constexpr bool operator==(Expirations, Expirations) noexcept = default;

private:
    std::uint64_t count_;
};

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE

template <>
struct std::hash<eventp::TimerId> {
    [[nodiscard]] std::size_t operator()(eventp::TimerId id) const noexcept {
        return std::hash<std::uint64_t>{}((std::uint64_t{id.generation()} << 32U) | id.index());
    }
};
