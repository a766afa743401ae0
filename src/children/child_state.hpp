// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <system_error>

#include <sys/types.h>

#include <eventp/child.hpp>

#include "base/fork_guard.hpp"
#include "sys/process.hpp"

namespace eventp::inline EVENTP_ABI_NAMESPACE {

/// One child, in an allocation of its own, so that detaching it needs no memory.
struct ChildProcess::State {
    explicit State(OnDestroy then) noexcept : on_destroy{then} {}

    /// False in a forked child.
    [[nodiscard]] bool is_ours() const noexcept { return parent == detail::current_process(); }

    /// Opens the pidfd of `pid`. Fails with no_such_process or no_child_process if that is not an
    /// unreaped child of this process.
    [[nodiscard]] Result<> open_pidfd() noexcept;

    /// An error of open_pidfd(): the process is not a child of this one, or other code reaped it.
    [[nodiscard]] static bool is_lost(const std::error_code& error) noexcept {
        return error == std::errc::no_such_process || error == std::errc::no_child_process;
    }

    /// Reaps the child and sets `status` if the child has exited. Does not block.
    void poll() noexcept;

    OwnedFd pidfd;
    pid_t pid = -1;
    detail::ProcessNumber parent = detail::current_process();
    std::optional<ExitStatus> status;
    State* next = nullptr;  // in DetachedChildren
    OnDestroy on_destroy;
};

/// The children of this process that have no owner and have not been reaped.
///
/// A ring of them is taken as a whole, changed, and put back. So there is no lock that a forked
/// child could find held, and no node is read by a thread that does not own the ring.
/// Thread safety:  from any thread. While one thread has taken the ring, it is empty for others.
class ChildProcess::DetachedChildren {
public:
    /// Takes ownership of a child.
    static void add(State* child) noexcept;

    /// Reaps those of the next `limit` children that have exited. Returns how many of these `limit`
    /// have not. Successive calls check all children in turn.
    static std::size_t reap(std::size_t limit) noexcept;

    /// How many children spawn(), adopt() and the exit of another child check: a constant, so that
    /// their cost does not grow with the number of detached children. More than one, so that
    /// zombies are reaped faster than each call can add one.
    static constexpr std::size_t checked_per_call = 4;

private:
    class Ring;

    static void put_back(Ring ring) noexcept;
};

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE
