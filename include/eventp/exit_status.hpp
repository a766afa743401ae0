// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <eventp/platform.hpp>

namespace eventp::inline EVENTP_ABI_NAMESPACE {

/// How a child process exited. [child.status]
///
/// Thread safety:  like an int.
class ExitStatus {
public:
    [[nodiscard]] static constexpr ExitStatus exited(int code) noexcept {
        return ExitStatus{Kind::exited, code};
    }
    [[nodiscard]] static constexpr ExitStatus signaled(int signal, bool core_dumped) noexcept {
        return ExitStatus{core_dumped ? Kind::dumped : Kind::killed, signal};
    }
    /// The child has exited, and other code has collected the status: see ChildProcess.
    [[nodiscard]] static constexpr ExitStatus unknown() noexcept {
        return ExitStatus{Kind::unknown, 0};
    }

    /// The child called exit(0), or returned 0 from main().
    [[nodiscard]] constexpr bool is_success() const noexcept { return *this == exited(0); }
    /// The lowest 8 bits of the argument of exit(3): 0 to 255. Nothing if a signal killed the
    /// child, or the status is unknown.
    [[nodiscard]] constexpr std::optional<int> code() const noexcept {
        return kind_ == Kind::exited ? std::optional{number_} : std::nullopt;
    }
    /// The signal that killed the child. Nothing if no signal did, or the status is unknown.
    [[nodiscard]] constexpr std::optional<int> signal() const noexcept {
        return kind_ == Kind::killed || kind_ == Kind::dumped ? std::optional{number_}
                                                              : std::nullopt;
    }
    /// The signal also produced a core dump.
    [[nodiscard]] constexpr bool core_dumped() const noexcept { return kind_ == Kind::dumped; }
    [[nodiscard]] constexpr bool is_unknown() const noexcept { return kind_ == Kind::unknown; }

    friend constexpr bool operator==(ExitStatus, ExitStatus) noexcept = default;

private:
    enum class Kind : std::uint8_t { exited, killed, dumped, unknown };
    constexpr ExitStatus(Kind kind, int number) noexcept : number_{number}, kind_{kind} {}

    int number_;  // exit code or signal
    Kind kind_;
};

/// For log messages: "exited with 3", "killed by signal 11, core dumped", "unknown".
[[nodiscard]] EVENTP_API std::string to_string(ExitStatus status);

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE
