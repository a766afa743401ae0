// SPDX-License-Identifier: MIT
#pragma once

#include <optional>

#include <sys/types.h>

#include <eventp/child.hpp>

#include "base/fork_guard.hpp"
#include "sys/process.hpp"

namespace eventp {

/// One child, in an allocation of its own: it may be left to the reaper when there is no memory.
struct ChildProcess::State {
    explicit State(OnDestroy then) noexcept : on_destroy{then} {}

    /// In a forked child it is not.
    [[nodiscard]] bool is_ours() const noexcept { return parent == detail::current_process(); }

    /// Takes the descriptor of a process, if that is an unreaped child of ours.
    [[nodiscard]] Result<> take(int opened) noexcept;

    /// Learns how it ended, if it has.
    void look(sys::Wait how) noexcept;

    OwnedFd pidfd;
    pid_t pid = -1;
    detail::ProcessNumber parent = detail::current_process();
    std::optional<ExitStatus> status;
    State* next = nullptr;  // of those that were left
    OnDestroy on_destroy;
};

/// Children that were left to the reaper.
class ChildProcess::Left {
public:
    /// Takes a child over, for good.
    static void add(State* child) noexcept;
    /// How many have not ended.
    static std::size_t reap() noexcept;

private:
    static void push(State* child) noexcept;
};

}  // namespace eventp
