// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>

#include <eventp/fd.hpp>
#include <eventp/reactor_ops.hpp>

#include "base/fork_guard.hpp"
#include "core/mailbox.hpp"

namespace eventp::inline EVENTP_ABI_NAMESPACE::detail {

/// What a reactor shares with RemoteEndpoints on other threads: the eventfd that wakes it, the
/// mailbox, the stop request and the gate. Exists until the reactor and the last endpoint are
/// destroyed.
///
/// Kernel: the eventfd is registered edge-triggered, so every write is a new edge and its counter
/// need not be read. It is read when it is full, once in 2^64 - 2 wake-ups (eventfd(2)), and before
/// it is waited for by poll(2), which is level-triggered.
class RemoteChannel {
public:
    RemoteChannel() noexcept;

    /// The eventfd; -errno if it could not be made.
    [[nodiscard]] int fd() const noexcept { return eventfd_.fd(); }

    // --- any thread ---

    [[nodiscard]] const UserGate& gate() const noexcept { return gate_; }
    /// Wakes the reactor: the current wait, or the next one, returns immediately.
    void notify() const noexcept;
    /// Queues a task. False if the reactor is closed; the task still belongs to the caller.
    [[nodiscard]] bool post(Task& task) noexcept;
    /// run() returns at its next check; notify() it if it runs on another thread.
    /// The caller of run() then sees what the threads that requested the stop had written.
    /// Ordering: an exchange, because a store would hide an earlier request of another thread.
    void request_stop() noexcept { stop_requested_.exchange(true, std::memory_order_release); }

    // --- the reactor's thread ---

    [[nodiscard]] Mailbox<>& mailbox() noexcept { return mailbox_; }
    [[nodiscard]] bool is_stop_requested() const noexcept {
        return stop_requested_.load(std::memory_order_relaxed);
    }
    /// Discards the notifications so far, so that poll(2) waits for the next one. Check what they
    /// announced after this.
    void drain() const noexcept;
    /// True if a stop was requested; the request is consumed.
    [[nodiscard]] bool take_stop_request() noexcept {
        return stop_requested_.exchange(false, std::memory_order_acquire);
    }
    /// Fails every posted task with broken_pipe, and later ones.
    void close() noexcept;
    /// In a forked child: replaces the eventfd, which is the parent's, and drops posted tasks and
    /// stop requests. Returns -errno if there is no new eventfd.
    [[nodiscard]] int reinit_after_fork() noexcept;

private:
    OwnedFd eventfd_;
    WipedMemory wiped_;
    UserGate gate_{wiped_.cell()};
    std::atomic<bool> stop_requested_{false};
    Mailbox<> mailbox_;
};

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE::detail
