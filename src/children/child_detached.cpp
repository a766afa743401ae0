// SPDX-License-Identifier: MIT
//
// Children that nobody owns any more and that have not ended.
#include <atomic>
#include <cstddef>
#include <memory>

#include "children/child_state.hpp"

namespace eventp {

namespace {

/// A list with one end, so that neither a destructor nor a fork at any moment can meet a lock.
/// Its pointers are followed by whoever has taken the whole list, and by nobody else.
// NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables): children are the process's.
constinit std::atomic<void*> left{nullptr};

}  // namespace

void ChildProcess::Left::push(State* child) noexcept {
    void* head = left.load(std::memory_order_relaxed);
    do {
        child->next = static_cast<State*>(head);
    } while (!left.compare_exchange_weak(head, child, std::memory_order_release,
                                         std::memory_order_relaxed));
}

void ChildProcess::Left::add(State* child) noexcept {
    push(child);
    static_cast<void>(reap());
}

std::size_t ChildProcess::Left::reap() noexcept {
    std::size_t running = 0;
    auto* each = static_cast<State*>(left.exchange(nullptr, std::memory_order_acquire));
    while (each != nullptr) {
        std::unique_ptr<State> child{each};
        each = each->next;
        if (!child->is_ours()) {
            continue;  // the parent's, in a forked child
        }
        child->look(sys::Wait::reap);
        if (!child->status) {
            ++running;
            push(child.release());
        }
    }
    return running;
}

}  // namespace eventp
