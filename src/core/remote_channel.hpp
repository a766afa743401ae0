// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>

#include <eventp/fd.hpp>
#include <eventp/reactor_ops.hpp>

#include "base/fork_guard.hpp"
#include "base/this_thread.hpp"
#include "core/mailbox.hpp"

namespace eventp::detail {

/// How others reach a reactor: makes a wait return, and holds what is to be done on the reactor's
/// thread. Lives until the reactor and the last handle for other threads are gone.
///
/// Kernel: the eventfd is edge-triggered in the reactor's set, so every write is a new edge and the
/// counter needs no read; it is read only when it is full, once in 2^64 - 2 wake-ups (eventfd(2)).
class RemoteChannel {
public:
    RemoteChannel() noexcept;

    /// The eventfd; -errno when it could not be made.
    [[nodiscard]] int fd() const noexcept { return eventfd_.fd(); }
    [[nodiscard]] const ForkGuard& guard() const noexcept { return guard_; }

    // --- any thread ---

    /// Makes the wait return, whether there is one or not.
    void ring() const noexcept;
    /// Queues a task. False when the reactor is gone; the task is still the caller's.
    [[nodiscard]] bool post(Task& task) noexcept;
    /// The next look of run() finds it; ring() when that is on another thread.
    void request_stop() noexcept;
    /// The thread of the run that is on the stack; null when none is.
    [[nodiscard]] ThreadToken runner() const noexcept {
        return runner_.load(std::memory_order_relaxed);
    }
    /// How often a forked child has taken the reactor over.
    [[nodiscard]] std::uint32_t fork_epoch() const noexcept {
        return fork_epoch_.load(std::memory_order_relaxed);
    }

    // --- the reactor's thread ---

    [[nodiscard]] Mailbox<>& mailbox() noexcept { return mailbox_; }
    void set_runner(ThreadToken thread) noexcept {
        runner_.store(thread, std::memory_order_relaxed);
    }
    /// Does the oldest tasks, a bounded number, so that they cannot starve the descriptors.
    void do_tasks(ReactorOps& reactor);
    [[nodiscard]] bool take_stop_request() noexcept;
    /// The reactor is gone: everybody who waits is told so.
    void close() noexcept;
    /// In a forked child: replaces what is shared with the parent, and forgets what was queued.
    /// Returns -errno when there is no new eventfd.
    [[nodiscard]] int reinit_after_fork() noexcept;
    void adopt_after_fork() noexcept {
        fork_epoch_.fetch_add(1, std::memory_order_relaxed);
        guard_.adopt();
    }

private:
    // On one cache line: what every turn asks.
    OwnedFd eventfd_;
    ForkGuard guard_;
    std::atomic<ThreadToken> runner_{nullptr};
    std::atomic<bool> stop_requested_{false};
    std::atomic<std::uint32_t> fork_epoch_{0};
    Mailbox<> mailbox_;
};

}  // namespace eventp::detail
