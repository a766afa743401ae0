// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>

#include "base/this_thread.hpp"

struct epoll_event;

/// Detects that this process is a forked child of the one that made an object.
///
/// Kernel: memory marked MADV_WIPEONFORK (madvise(2), Linux 4.14) reads as zeros in a child of
/// fork() or of a raw clone(), where a handler of pthread_atfork(3) is called for fork() only. If
/// the kernel refuses MADV_WIPEONFORK, such a handler clears the memory. A child of vfork() or of
/// clone() with CLONE_VM shares memory with its parent and is not detected.
namespace eventp::inline EVENTP_ABI_NAMESPACE::detail {

/// A cache line that reads as zeros in a forked child.
struct alignas(64) WipedCell {
    std::atomic<ThreadToken> user{nullptr};  // see UserGate
    epoll_event* loop_end = nullptr;         // see Reactor::State::call_handlers()
    std::atomic<std::uint32_t> process{0};   // see current_process()
};

/// Makes sure that forks are detected. Called before the first object that needs it is made.
/// Returns -errno if there is no memory.
[[nodiscard]] int prepare_fork_detection() noexcept;

/// A number that differs between a process and its forked children. It is not the pid: a child in
/// a pid namespace of its own may have its parent's. Requires prepare_fork_detection().
using ProcessNumber = std::uint32_t;
[[nodiscard]] ProcessNumber current_process() noexcept;

/// Owns a WipedCell. The cells of all owners share pages, which are kept until the process ends.
class WipedMemory {
public:
    WipedMemory() noexcept;
    WipedMemory(const WipedMemory&) = delete;
    WipedMemory& operator=(const WipedMemory&) = delete;
    ~WipedMemory();

    /// Null if there was no memory for it.
    [[nodiscard]] WipedCell* cell() const noexcept { return cell_; }

private:
    WipedCell* cell_;
};

/// Which thread may use a reactor, in one word that a forked child finds cleared.
///
///     null           this is a forked child: the reactor is the parent's
///     idle           any one thread
///     closed         any one thread, but the reactor is closed or being destroyed
///     reading_fd     no thread: fd() of a subscriber is on the stack
///     otherwise      the thread that has a run, or a destructor of a subscriber, on its stack
///
/// Thread safety:  is_in_child() and is_this_thread() from any thread, the rest thread-bound.
class UserGate {
public:
    static constexpr char marks[3]{};  // addresses that are no thread's
    static constexpr ThreadToken idle = &marks[0];
    static constexpr ThreadToken closed = &marks[1];
    static constexpr ThreadToken reading_fd = &marks[2];

    explicit UserGate(WipedCell* cell) noexcept : cell_{cell} {}

    [[nodiscard]] ThreadToken user() const noexcept {
        return cell_->user.load(std::memory_order_relaxed);
    }
    void set_user(ThreadToken user) noexcept { cell_->user.store(user, std::memory_order_relaxed); }

    [[nodiscard]] static bool is_usable_by_this_thread(ThreadToken user) noexcept {
        return user == this_thread() || user == idle;
    }
    /// Terminates with a message if `user` is another thread.
    static void expect_usable_by_this_thread(ThreadToken user) noexcept {
        if (!is_usable_by_this_thread(user)) [[unlikely]] {
            expect_no_other_thread(user);
        }
    }
    /// Null if there was no memory for it.
    [[nodiscard]] WipedCell* cell() const noexcept { return cell_; }

    [[nodiscard]] bool is_in_child() const noexcept { return user() == nullptr; }
    [[nodiscard]] bool is_this_thread() const noexcept { return user() == this_thread(); }

    /// Where the dispatch loop stops; null in a forked child.
    [[nodiscard]] epoll_event*& loop_end() const noexcept { return cell_->loop_end; }

private:
    [[gnu::cold]] static void expect_no_other_thread(ThreadToken user) noexcept;

    WipedCell* cell_;
};

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE::detail
