// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <eventp/fd.hpp>

namespace eventp {

/// A program and what it is to find when it starts, for ChildProcess::spawn().
///
///     eventp::ChildProcess::spawn({.program = "sort",
///                                  .arguments = {"-r"},
///                                  .environment = {{"LC_ALL", "C"}, {"DEBUG", std::nullopt}},
///                                  .descriptors = {{0, eventp::BorrowedFd{words.fd()}}}});
///
/// Thread safety:  like a std::string.
struct Command {
    /// The path of a file, or a name without a slash that is looked up in PATH, the parent's. A
    /// relative path counts from `directory`.
    std::string program = {};
    /// Those behind the name of the program. [child.arguments]
    std::vector<std::string> arguments = {};

    /// Where `environment` begins: with the parent's, or with nothing.
    bool inherits_environment = true;
    /// Variables that are set; std::nullopt: that are not there. [child.environment]
    std::map<std::string, std::optional<std::string>> environment = {};

    /// Where the program is started; empty: where the parent is. [child.directory]
    std::string directory = {};

    /// What the child is to find under a number, each as it is in the parent when it is started:
    /// {{1, a}, {2, BorrowedFd{1}}} gives it the parent's 1 as 2. The child has these, the parent's
    /// 0, 1 and 2, and no other descriptors, close-on-exec or not. To pass one on as it is:
    /// {{7, BorrowedFd{7}}}. They are open until spawn() has returned. [child.descriptors]
    std::map<int, BorrowedFd> descriptors = {};
};

}  // namespace eventp
