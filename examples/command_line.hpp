// SPDX-License-Identifier: MIT
#pragma once

#include <charconv>
#include <concepts>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

namespace example {

/// Reads options of the form `--name value`, one after the other.
class CommandLine {
public:
    CommandLine(int argc, char** argv) : words_{argv + 1, argv + argc} {}

    [[nodiscard]] bool at_end() const noexcept { return words_.empty(); }
    /// Takes the option if it comes next.
    [[nodiscard]] bool take(std::string_view name) {
        if (at_end() || words_.front() != name) {
            return false;
        }
        words_ = words_.subspan(1);
        return true;
    }
    /// Reads the value of the option just taken: a number from `min` to `max`.
    template <std::integral T>
    [[nodiscard]] bool value(T& out, T min, T max) {
        if (at_end()) {
            return false;
        }
        const std::string_view word = words_.front();
        T number{};
        const auto [end, error] = std::from_chars(word.begin(), word.end(), number);
        if (error != std::errc{} || end != word.end() || number < min || number > max) {
            return false;
        }
        out = number;
        words_ = words_.subspan(1);
        return true;
    }
    [[nodiscard]] bool value(std::string& out) {
        if (at_end()) {
            return false;
        }
        out = words_.front();
        words_ = words_.subspan(1);
        return true;
    }

private:
    std::span<char*> words_;
};

}  // namespace example
