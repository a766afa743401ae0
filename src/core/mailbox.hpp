// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

#include <eventp/detail/task.hpp>

namespace eventp::detail {

/// Tasks from any thread to one, and the word that says whether that one sleeps.
///
/// A producer pushes, then looks at the word; the consumer sets the word, then looks for tasks. Of
/// two such steps one comes second and sees the other's, so either the producer rings or the
/// consumer does not sleep. Ordering: both steps are a store and then a load of another word, which
/// only sequential consistency keeps in order on both sides. (Dekker's protocol; the experiment
/// of tests/concurrency runs every interleaving.)
/// A task list is a stack that is taken whole, so nothing is popped and no address is compared
/// that could have been reused. Taken tasks are put in the order of their posting.
///
/// `Atomic` is std::atomic; the model test puts one there that stops at each step.
template <template <typename> typename Atomic = std::atomic>
class Mailbox {
public:
    enum class Posted : std::uint8_t {
        quietly,  // the consumer looks for tasks before it sleeps
        ring,     // it sleeps: wake it. Told to one producer each time it falls asleep
        closed,   // there is no consumer any more; the task is still the caller's
    };

    /// Any thread.
    [[nodiscard]] Posted post(Task& task) noexcept {
        Task* before = newest_.load(std::memory_order_relaxed);
        do {
            if (before == &closed_) {
                return Posted::closed;
            }
            task.next = before;
        } while (!newest_.compare_exchange_weak(before, &task, std::memory_order_seq_cst,
                                                std::memory_order_relaxed));
        return wake() ? Posted::ring : Posted::quietly;
    }

    /// Any thread: true when the consumer sleeps and the caller is the one to ring.
    [[nodiscard]] bool wake() noexcept {
        return asleep_.load(std::memory_order_seq_cst) &&
               asleep_.exchange(false, std::memory_order_seq_cst);
    }

    /// Any thread.
    [[nodiscard]] bool is_closed() const noexcept {
        return newest_.load(std::memory_order_acquire) == &closed_;
    }

    // --- the consumer ---

    [[nodiscard]] bool has_tasks() const noexcept {
        return oldest_ != nullptr || newest_.load(std::memory_order_relaxed) != nullptr;
    }

    /// False when there are tasks: do not sleep. Else producers ring from now on.
    [[nodiscard]] bool prepare_to_sleep() noexcept {
        asleep_.store(true, std::memory_order_seq_cst);
        if (oldest_ != nullptr || newest_.load(std::memory_order_seq_cst) != nullptr) {
            awake();
            return false;
        }
        return true;
    }
    void awake() noexcept { asleep_.store(false, std::memory_order_relaxed); }

    /// Moves what has come in behind what was left over.
    void collect() noexcept {
        // Ordering: acquire pairs with the push: the consumer sees the closure before the node.
        append_reversed(newest_.exchange(nullptr, std::memory_order_acq_rel));
    }
    /// The oldest that was collected; null when there is none.
    [[nodiscard]] Task* next() noexcept {
        Task* task = oldest_;
        if (task != nullptr) {
            oldest_ = task->next;
        }
        return task;
    }

    /// Refuses tasks from now on; those that are in are collected.
    void close() noexcept {
        append_reversed(newest_.exchange(&closed_, std::memory_order_acq_rel));
    }

    /// In a forked child: forgets tasks, which are the parent's, and opens anew.
    void reset() noexcept {
        newest_.store(nullptr, std::memory_order_relaxed);
        oldest_ = nullptr;
        awake();
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

    // A producer's words and the consumer's are on different cache lines.
    alignas(64) Atomic<Task*> newest_{nullptr};
    alignas(64) Atomic<bool> asleep_{false};
    alignas(64) Task* oldest_ = nullptr;
    Task* last_ = nullptr;  // of the list of oldest_; meaningless when that is empty
    Task closed_{.finish = nullptr};
};

}  // namespace eventp::detail
