// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

#include <eventp/detail/task.hpp>

namespace eventp::inline EVENTP_ABI_NAMESPACE::detail {

/// Tasks from many producer threads for one consumer, and whether the consumer sleeps.
///
/// A producer pushes a task and then loads the word `asleep`. The consumer stores `asleep` and then
/// looks for tasks. Whichever of the two stores is second in the total order is followed by a load
/// that sees the first, so either the producer sees that the consumer sleeps and wakes it, or the
/// consumer sees the task and does not sleep (Dekker's algorithm).
/// Ordering: each side stores one word and then loads the other. Only sequential consistency keeps
/// that order, on both sides. tests/concurrency/relacy runs this file under simulated weak memory,
/// and tools/weaken_orders.py weakens each order in turn.
///
/// The task list is a stack that the consumer takes as a whole. No single task is popped, so no
/// address is compared that may have been reused (no ABA problem). The consumer reverses what it
/// takes: tasks of one producer run in the order in which they were posted.
///
/// `Atomic` is std::atomic; tests/concurrency/mailbox_model.test.cpp replaces it.
template <template <typename> typename Atomic = std::atomic>
class Mailbox {
public:
    enum class PostResult : std::uint8_t {
        queued,     // the consumer looks for tasks before it sleeps
        must_wake,  // the consumer sleeps: wake it. One producer gets this for each sleep
        closed,     // there is no consumer any more; the task still belongs to the caller
    };

    /// Any thread.
    [[nodiscard]] PostResult post(Task& task) noexcept {
        Task* before = newest_.load(std::memory_order_relaxed);
        do {
            if (before == &closed_) {
                return PostResult::closed;
            }
            task.next = before;
        } while (!newest_.compare_exchange_weak(before, &task, std::memory_order_seq_cst,
                                                std::memory_order_relaxed));
        return claim_wakeup() ? PostResult::must_wake : PostResult::queued;
    }

    /// Any thread. True if the consumer sleeps and the caller must wake it.
    [[nodiscard]] bool claim_wakeup() noexcept {
        // Ordering: the load decides. The exchange only chooses one of several producers.
        return asleep_.load(std::memory_order_seq_cst) &&
               asleep_.exchange(false, std::memory_order_relaxed);
    }

    /// Any thread.
    [[nodiscard]] bool is_closed() const noexcept {
        return newest_.load(std::memory_order_relaxed) == &closed_;
    }

    // --- the consumer ---

    [[nodiscard]] bool has_tasks() const noexcept {
        return oldest_ != nullptr || newest_.load(std::memory_order_relaxed) != nullptr;
    }

    /// False if there are tasks: do not sleep. Otherwise a producer wakes the consumer from
    /// now on.
    [[nodiscard]] bool prepare_to_sleep() noexcept {
        asleep_.store(true, std::memory_order_seq_cst);
        if (oldest_ != nullptr || newest_.load(std::memory_order_seq_cst) != nullptr) {
            mark_awake();
            return false;
        }
        return true;
    }
    void mark_awake() noexcept { asleep_.store(false, std::memory_order_relaxed); }

    /// Appends the posted tasks to those that next() has not returned yet.
    void collect() noexcept {
        // Ordering: acquire pairs with the push: the consumer sees the closure before the node.
        append_reversed(newest_.exchange(nullptr, std::memory_order_acquire));
    }
    /// The oldest collected task; null if there is none.
    [[nodiscard]] Task* next() noexcept {
        Task* task = oldest_;
        if (task != nullptr) {
            oldest_ = task->next;
        }
        return task;
    }

    /// Refuses tasks from now on, and collects those that were posted.
    void close() noexcept {
        append_reversed(newest_.exchange(&closed_, std::memory_order_acquire));
    }

    /// In a forked child: drops the tasks, which are the parent's.
    void reset() noexcept {
        newest_.store(nullptr, std::memory_order_relaxed);
        oldest_ = nullptr;
        mark_awake();
    }

private:
    void append_reversed(Task* newest) noexcept {
        if (newest == nullptr || newest == &closed_) {
            return;
        }
        Task* last = newest;
        Task* first = nullptr;
        while (newest != nullptr) {
            first = std::exchange(newest, std::exchange(newest->next, first));
        }
        if (oldest_ == nullptr) {
            oldest_ = first;
        } else {
            last_->next = first;
        }
        last_ = last;
    }

    // The words that producers write and those of the consumer are on different cache lines.
    alignas(64) Atomic<Task*> newest_{nullptr};
    alignas(64) Atomic<bool> asleep_{false};
    alignas(64) Task* oldest_ = nullptr;
    Task* last_ = nullptr;  // of the list that begins with oldest_, if there is one
    Task closed_{.run_or_drop = nullptr};
};

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE::detail
