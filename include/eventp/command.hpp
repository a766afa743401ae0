// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <eventp/fd.hpp>

namespace eventp::inline EVENTP_ABI_NAMESPACE {

/// The program that ChildProcess::spawn() starts, and its arguments, environment, directory and
/// descriptors.
///
///     eventp::ChildProcess::spawn({.program = "sort",
///                                  .arguments = {"-r"},
///                                  .environment = {{"LC_ALL", "C"}, {"DEBUG", std::nullopt}},
///                                  .descriptors = {{0, eventp::BorrowedFd{words.fd()}}}});
///
/// Thread safety:  like a std::string.
struct Command {
    /// The path of a file, or a name without a slash, which is looked up in the PATH of this
    /// process. A relative path starts at `directory`.
    std::string program = {};
    /// The arguments that follow the name of the program, passed as they are. [child.arguments]
    std::vector<std::string> arguments = {};

    /// Whether the child inherits the environment of this process.
    bool inherits_environment = true;
    /// Variables to set, or to remove (std::nullopt), in the child. [child.environment]
    std::map<std::string, std::optional<std::string>> environment = {};

    /// The working directory of the child; empty: that of this process. [child.directory]
    std::string directory = {};

    /// Descriptors to install in the child: descriptor of the child -> descriptor of this process.
    /// All of the latter are resolved before any is installed: {{1, a}, {2, BorrowedFd{1}}} makes
    /// standard output of this process standard error of the child. To pass a descriptor on under
    /// its own number: {{7, BorrowedFd{7}}}. Close-on-exec has no effect. They must stay open until
    /// spawn() returns. All other descriptors are closed in the child, except 0, 1 and 2.
    /// [child.descriptors]
    ///
    /// If 0, 1 or 2 is not among these, the child has that of this process, close-on-exec or not;
    /// /dev/null if it is closed in this process. [child.standard]
    std::map<int, BorrowedFd> descriptors = {};
};

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE
