// SPDX-License-Identifier: MIT
#pragma once

#include <utility>

struct epoll_event;

namespace eventp::detail {

/// A page that a forked child finds empty: how a reactor knows that it is a copy.
///
/// Kernel: MADV_WIPEONFORK (madvise(2), Linux 4.14) is seen by fork() and by a raw clone() alike,
/// where pthread_atfork(3) misses the latter. vfork() and CLONE_VM share memory with the parent and
/// cannot be noticed; before 4.14 no fork is.
/// The end of the dispatch loop lies in it: in a child it reads null, which is below every cursor,
/// so that a handler that forked returns to an empty rest, at no cost per event.
/// Thread safety:  in_child() from any thread.
class ForkGuard {
public:
    struct Page {
        bool is_original;
        epoll_event* loop_end;
    };

    ForkGuard() noexcept;
    ForkGuard(const ForkGuard&) = delete;
    ForkGuard& operator=(const ForkGuard&) = delete;
    ~ForkGuard();

    /// False when there was no memory for it.
    [[nodiscard]] explicit operator bool() const noexcept { return page_ != nullptr; }
    [[nodiscard]] bool in_child() const noexcept { return !page_->is_original; }
    [[nodiscard]] Page& page() const noexcept { return *page_; }
    /// The child has become an owner of its own.
    void adopt() noexcept { page_->is_original = true; }

private:
    Page* page_;
};

}  // namespace eventp::detail
