// SPDX-License-Identifier: MIT
//
// From a Command to a child.
#include <algorithm>
#include <cerrno>
#include <climits>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <unistd.h>

#include "children/child_state.hpp"
#include "sys/syscall.hpp"

namespace eventp::inline EVENTP_ABI_NAMESPACE {

namespace {

bool is_text(std::string_view string) noexcept {
    return string.find('\0') == std::string_view::npos;
}

/// No string contains a zero byte, and every variable has a valid name.
bool is_well_formed(const Command& command) noexcept {
    return is_text(command.program) && is_text(command.directory) &&
           std::ranges::all_of(command.arguments, is_text) &&
           std::ranges::all_of(command.environment, [](const auto& variable) {
               const auto& [name, value] = variable;
               return !name.empty() && is_text(name) && name.find('=') == std::string::npos &&
                      (!value || is_text(*value));
           });
}

/// The array of pointers that execve(2) takes. They point into `strings`.
std::vector<char*> pointers_to(std::vector<std::string>& strings) {
    std::vector<char*> pointers;
    pointers.reserve(strings.size() + 1);
    for (std::string& string : strings) {
        pointers.push_back(string.data());
    }
    pointers.push_back(nullptr);
    return pointers;
}

std::vector<std::string> arguments_of(const Command& command) {
    std::vector<std::string> arguments{command.program};
    arguments.insert(arguments.end(), command.arguments.begin(), command.arguments.end());
    return arguments;
}

std::vector<std::string> environment_of(const Command& command) {
    std::vector<std::string> out;
    for (char** each = environ; command.inherits_environment && each != nullptr && *each != nullptr;
         ++each) {
        const std::string_view variable{*each};
        if (!command.environment.contains(std::string{variable.substr(0, variable.find('='))})) {
            out.emplace_back(variable);
        }
    }
    for (const auto& [name, value] : command.environment) {
        if (value) {
            out.push_back(name + '=' + *value);
        }
    }
    return out;
}

/// The redirections of a Command, in an order in which they can be executed one by one.
struct Redirects {
    std::vector<sys::Redirect> list;
    std::vector<OwnedFd> copies;  // of descriptors that are overwritten before they are read
    int error = 0;
};

Redirects redirects_of(const Command& command) {
    Redirects out;
    std::map<int, int> sources;  // descriptor in the child -> descriptor here, or dev_null
    // Whether a descriptor is open is determined before any is opened here that could get its
    // number.
    for (int standard = 0; standard < sys::standard_descriptors; ++standard) {
        sources[standard] = sys::is_open(standard) ? standard : sys::dev_null;
    }
    for (const auto& [to, source] : command.descriptors) {
        if (to < 0 || to == INT_MAX || !sys::is_open(source.fd())) {
            out.error = -EBADF;
            return out;
        }
        sources[to] = source.fd();
    }
    const int unused = sources.rbegin()->first + 1;
    out.list.reserve(sources.size());
    out.copies.reserve(sources.size());
    for (auto [to, from] : sources) {
        const auto target = sources.find(from);
        const bool is_overwritten = target != sources.end() && target->second != from;
        if (from != to && is_overwritten) {
            from = sys::duplicate(from, unused);
            if (from < 0) {
                out.error = from;
                return out;
            }
            out.copies.emplace_back(from);
        }
        out.list.push_back({.from = from, .to = to});
    }
    return out;
}

/// Opens the pidfd of this process, so that opening that of the child does not fail: for lack of a
/// descriptor, or because the kernel or a sandbox refuses a system call that it needs.
int reserve_pidfd(OwnedFd& reserved) noexcept {
    const int pidfd = sys::pidfd_open(sys::process_id());
    if (pidfd < 0) {
        return pidfd;
    }
    reserved.reset(pidfd);
    sys::ChildExit none{};
    const int result = sys::pidfd_wait(pidfd, sys::Wait::peek, none);
    return result == -ECHILD ? 0 : result;  // no process is its own child
}

}  // namespace

Result<ChildProcess> ChildProcess::spawn(const Command& command, OnDestroy on_destroy) {
    if (!is_well_formed(command)) {
        return detail::error(std::errc::invalid_argument);
    }
    std::vector<std::string> arguments = arguments_of(command);
    std::vector<std::string> environment = environment_of(command);
    const std::vector<char*> argv = pointers_to(arguments);
    const std::vector<char*> envp = pointers_to(environment);
    const Redirects redirects = redirects_of(command);
    if (redirects.error < 0) {
        return sys::error(redirects.error);
    }
    if (const int result = detail::prepare_fork_detection(); result < 0) {
        return sys::error(result);
    }
    std::unique_ptr<State> state{make_state(on_destroy)};

    OwnedFd reserved;
    if (const int result = reserve_pidfd(reserved); result < 0) {
        return sys::error(result);
    }
    const int child =
        sys::spawn({.program = command.program.c_str(),
                    .arguments = argv.data(),
                    .environment = envp.data(),
                    .directory = command.directory.empty() ? nullptr : command.directory.c_str(),
                    .redirects = redirects.list});
    if (child < 0) {
        return sys::error(child);
    }
    reserved.reset();
    state->pid = child;
    if (const auto opened = state->open_pidfd(); !opened) {
        if (State::is_lost(opened.error())) {
            return detail::error(std::errc::no_child_process);
        }
        // Another thread took the descriptor. It may be impossible to kill the child, so nothing
        // waits for that; it is reaped when there is a descriptor.
        sys::kill_unreaped(child);
        DetachedChildren::add(state.release());
        return std::unexpected{opened.error()};
    }
    return ChildProcess{state.release()};
}

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE
