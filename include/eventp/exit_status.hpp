// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <eventp/platform.hpp>

namespace eventp {

/// How a child process ended. [child.status]
///
/// Thread safety:  like an int.
class ExitStatus {
public:
    [[nodiscard]] static constexpr ExitStatus exited(int code) noexcept {
        return ExitStatus{Way::exited, code};
    }
    [[nodiscard]] static constexpr ExitStatus signaled(int signal, bool core_dumped) noexcept {
        return ExitStatus{core_dumped ? Way::dumped : Way::killed, signal};
    }
    /// It has ended, and somebody else was told how: see ChildProcess.
    [[nodiscard]] static constexpr ExitStatus unknown() noexcept {
        return ExitStatus{Way::unknown, 0};
    }

    /// It called exit(0), or the like.
    [[nodiscard]] constexpr bool is_success() const noexcept { return *this == exited(0); }
    /// What it gave to exit(3), 0 to 255; none when it did not end that way.
    [[nodiscard]] constexpr std::optional<int> code() const noexcept {
        return way_ == Way::exited ? std::optional{number_} : std::nullopt;
    }
    /// The signal that killed it; none when it did not end that way.
    [[nodiscard]] constexpr std::optional<int> signal() const noexcept {
        return way_ == Way::killed || way_ == Way::dumped ? std::optional{number_} : std::nullopt;
    }
    [[nodiscard]] constexpr bool core_dumped() const noexcept { return way_ == Way::dumped; }
    [[nodiscard]] constexpr bool is_unknown() const noexcept { return way_ == Way::unknown; }

    friend constexpr bool operator==(ExitStatus, ExitStatus) noexcept = default;

private:
    enum class Way : std::uint8_t { exited, killed, dumped, unknown };
    constexpr ExitStatus(Way way, int number) noexcept : number_{number}, way_{way} {}

    int number_;  // exit code or signal
    Way way_;
};

/// For people: "exited with 3", "killed by signal 11, core dumped", "unknown".
[[nodiscard]] EVENTP_API std::string to_string(ExitStatus status);

}  // namespace eventp
