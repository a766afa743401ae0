// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>

struct epoll_event;

/// Detects that this process is a forked child of the one that made an object.
///
/// Kernel: memory marked MADV_WIPEONFORK (madvise(2), Linux 4.14) reads as zeros in a child of
/// fork() or of a raw clone(), where a handler of pthread_atfork(3) is called for fork() only. If
/// the kernel refuses MADV_WIPEONFORK, such a handler clears the memory. A child of vfork() or of
/// clone() with CLONE_VM shares memory with its parent and is not detected.
namespace eventp::detail {

/// A cache line that reads as zeros in a forked child.
struct alignas(64) WipedCell {
    std::atomic<bool> is_original{false};
    epoll_event* loop_end = nullptr;
    std::atomic<std::uint32_t> process{0};  // see current_process()
};

/// Makes sure that forks are detected. Called before the first object that needs it is made.
/// Returns -errno if there is no memory.
[[nodiscard]] int prepare_fork_detection() noexcept;

/// A number that differs between a process and its forked children. It is not the pid: a child in
/// a pid namespace of its own may have its parent's. Requires prepare_fork_detection().
using ProcessNumber = std::uint32_t;
[[nodiscard]] ProcessNumber current_process() noexcept;

/// Owns a WipedCell. The cells of all guards share pages, which are kept until the process ends.
/// Thread safety:  in_child() from any thread.
class ForkGuard {
public:
    ForkGuard() noexcept;
    ForkGuard(const ForkGuard&) = delete;
    ForkGuard& operator=(const ForkGuard&) = delete;
    ~ForkGuard();

    /// False if there was no memory for it.
    [[nodiscard]] explicit operator bool() const noexcept { return cell_ != nullptr; }
    [[nodiscard]] bool in_child() const noexcept {
        return !cell_->is_original.load(std::memory_order_relaxed);
    }
    [[nodiscard]] WipedCell& cell() const noexcept { return *cell_; }
    /// In a child: it is the original from now on.
    void adopt() noexcept { cell_->is_original.store(true, std::memory_order_relaxed); }

private:
    WipedCell* cell_;
};

}  // namespace eventp::detail
