// SPDX-License-Identifier: MIT
//
// Children that were detached and have not been reaped.
#include <atomic>
#include <cstddef>
#include <memory>
#include <utility>

#include "children/child_state.hpp"

namespace eventp::inline EVENTP_ABI_NAMESPACE {

namespace {

/// The last node of the ring; null if the ring is empty or taken.
// NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables): children are the process's.
constinit std::atomic<void*> last_detached{nullptr};

}  // namespace

/// A circular singly linked list. Every operation takes constant time.
class ChildProcess::DetachedChildren::Ring {
public:
    Ring() noexcept = default;
    explicit Ring(State* last) noexcept : last_{last} {}

    /// Takes the ring of the process.
    [[nodiscard]] static Ring take() noexcept {
        // Ordering: acquire pairs with the release of put(): the nodes are complete.
        return Ring{
            static_cast<State*>(last_detached.exchange(nullptr, std::memory_order_acquire))};
    }
    /// Makes this the ring of the process. False if another thread has put one there.
    [[nodiscard]] bool put() const noexcept {
        void* none = nullptr;
        return last_detached.compare_exchange_strong(none, last_, std::memory_order_release,
                                                     std::memory_order_relaxed);
    }

    [[nodiscard]] bool is_empty() const noexcept { return last_ == nullptr; }

    void push_back(State* child) noexcept {
        child->next = child;
        append(Ring{child});
    }
    void append(Ring other) noexcept {
        if (other.is_empty()) {
            return;
        }
        if (!is_empty()) {
            std::swap(last_->next, other.last_->next);
        }
        last_ = other.last_;
    }
    /// Null if the ring is empty.
    [[nodiscard]] State* pop_front() noexcept {
        if (is_empty()) {
            return nullptr;
        }
        State* first = last_->next;
        if (first == last_) {
            last_ = nullptr;
        } else {
            last_->next = first->next;
        }
        return first;
    }

private:
    State* last_ = nullptr;
};

void ChildProcess::DetachedChildren::put_back(Ring ring) noexcept {
    while (!ring.is_empty() && !ring.put()) {
        ring.append(Ring::take());
    }
}

void ChildProcess::DetachedChildren::add(State* child) noexcept {
    Ring ring = Ring::take();
    ring.push_back(child);
    put_back(ring);
}

std::size_t ChildProcess::DetachedChildren::reap(std::size_t limit) noexcept {
    Ring unchecked = Ring::take();
    Ring checked;
    std::size_t running = 0;
    for (std::size_t count = 0; count < limit && !unchecked.is_empty(); ++count) {
        std::unique_ptr<State> child{unchecked.pop_front()};
        if (!child->is_ours()) {
            continue;  // this is a forked child: only the copy is destroyed
        }
        child->poll();
        if (!child->status) {
            ++running;
            checked.push_back(child.release());
        }
    }
    unchecked.append(checked);
    put_back(unchecked);
    return running;
}

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE
