// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <ucontext.h>

namespace eventp::testing {

/// Runs a few threads through every order of their steps, one step at a time.
///
/// The threads are contexts on one real thread (makecontext(3)), so a run costs microseconds. A
/// step is an operation on a Stepped variable, or a wait. What a thread does next depends on the
/// memory and on the results of its steps since its last where(): that makes up a state. Each state
/// is continued from once, by a run from the start along the first way that reached it. All steps
/// are sequentially consistent.
class Interleaving {
public:
    using Body = std::function<void()>;

    struct Outcome {
        std::size_t states = 0;
        std::size_t runs = 0;
        std::size_t stuck = 0;  // runs that ended while a thread waited for a step of another
    };

    /// `begin` makes the memory and gives the bodies; `end` looks at it after each run.
    [[nodiscard]] Outcome explore(const std::function<std::vector<Body>()>& begin,
                                  const std::function<void()>& end) {
        current_ = this;
        std::vector<std::vector<std::size_t>> ways{{}};
        while (!ways.empty()) {
            const std::vector<std::size_t> way = std::move(ways.back());
            ways.pop_back();
            memory_.clear();
            run(begin(), way, ways);
            end();
        }
        return outcome_;
    }

    [[nodiscard]] static Interleaving& current() noexcept { return *current_; }
    /// The last run was followed to its end, and no thread was stuck.
    [[nodiscard]] bool is_complete() const noexcept { return complete_; }
    /// The run is not followed any more: waits return, so that the bodies can end.
    [[nodiscard]] bool is_abandoned() const noexcept { return abandoned_; }

    /// Ends the calling thread's step; its next one may begin when `may_go` returns true.
    void step(std::function<bool()> may_go = nullptr) {
        running_->may_go = std::move(may_go);
        swapcontext(&running_->context, &scheduler_);
    }
    /// Records the result of a step for the thread that took it.
    void tell(std::uint64_t value) { running_->told += std::to_string(value) + ','; }
    /// From this place on, the results of earlier steps do not matter to the thread.
    void where(std::uint64_t place) { running_->told = std::to_string(place) + ':'; }
    /// Adds a variable to the memory.
    void watch(std::function<std::uint64_t()> value) { memory_.push_back(std::move(value)); }

private:
    struct Thread {
        ucontext_t context{};
        std::unique_ptr<char[]> stack = std::make_unique<char[]>(stack_size);
        Body body;
        std::function<bool()> may_go;
        std::string told;
        bool ended = false;
    };
    static constexpr std::size_t stack_size = std::size_t{256} * 1024;

    static void enter() {
        current_->running_->body();
        current_->running_->ended = true;
        swapcontext(&current_->running_->context, &current_->scheduler_);
    }

    void resume(Thread& thread) {
        running_ = &thread;
        swapcontext(&scheduler_, &thread.context);
    }

    void run(std::vector<Body> bodies, const std::vector<std::size_t>& way,
             std::vector<std::vector<std::size_t>>& ways) {
        ++outcome_.runs;
        abandoned_ = complete_ = false;
        threads_.resize(bodies.size());
        for (std::size_t i = 0; i < bodies.size(); ++i) {
            Thread& thread = threads_[i];
            thread.body = std::move(bodies[i]);
            thread.may_go = nullptr;
            thread.told = "begin";
            thread.ended = false;
            getcontext(&thread.context);
            thread.context.uc_stack.ss_sp = thread.stack.get();
            thread.context.uc_stack.ss_size = stack_size;
            thread.context.uc_link = nullptr;
            makecontext(&thread.context, &Interleaving::enter, 0);
        }
        follow(way, ways);
        abandoned_ = true;
        for (Thread& thread : threads_) {
            while (!thread.ended) {
                resume(thread);
            }
        }
    }

    void follow(const std::vector<std::size_t>& way, std::vector<std::vector<std::size_t>>& ways) {
        std::vector<std::size_t> taken;
        for (;;) {
            const std::vector<std::size_t> enabled = who_may_go();
            if (enabled.empty()) {
                complete_ = have_all_ended();
                outcome_.stuck += complete_ ? 0U : 1U;
                return;
            }
            std::size_t chosen = enabled.front();
            if (taken.size() < way.size()) {
                chosen = way[taken.size()];
            } else if (!seen_.insert(state()).second) {
                return;  // continued from here before
            } else {
                ++outcome_.states;
                for (std::size_t i = 1; i < enabled.size(); ++i) {
                    ways.push_back(taken);
                    ways.back().push_back(enabled[i]);
                }
            }
            taken.push_back(chosen);
            resume(threads_[chosen]);
        }
    }

    [[nodiscard]] std::vector<std::size_t> who_may_go() const {
        std::vector<std::size_t> enabled;
        for (std::size_t i = 0; i < threads_.size(); ++i) {
            if (!threads_[i].ended && (!threads_[i].may_go || threads_[i].may_go())) {
                enabled.push_back(i);
            }
        }
        return enabled;
    }

    [[nodiscard]] bool have_all_ended() const {
        bool all = true;
        for (const Thread& thread : threads_) {
            all = all && thread.ended;
        }
        return all;
    }

    [[nodiscard]] std::string state() const {
        std::string text;
        for (const auto& value : memory_) {
            text += std::to_string(value()) + ';';
        }
        for (const Thread& thread : threads_) {
            text += '|' + (thread.ended ? "end" : thread.told);
        }
        return text;
    }

    inline static Interleaving* current_ = nullptr;

    ucontext_t scheduler_{};
    Thread* running_ = nullptr;
    std::vector<Thread> threads_;
    std::vector<std::function<std::uint64_t()>> memory_;
    std::set<std::string> seen_;
    Outcome outcome_;
    bool abandoned_ = false;
    bool complete_ = false;
};

/// Stands where std::atomic stands in the code under test: each operation is a step.
template <typename T>
class Stepped {
public:
    // NOLINTNEXTLINE(google-explicit-constructor): std::atomic's is implicit, too.
    Stepped(T value) : value_{value} {
        Interleaving::current().watch([this] { return bits(value_); });
    }
    Stepped(const Stepped&) = delete;
    Stepped& operator=(const Stepped&) = delete;

    T load(std::memory_order /*order*/) const {
        Interleaving::current().step();
        return told(value_);
    }
    void store(T value, std::memory_order /*order*/) {
        Interleaving::current().step();
        value_ = value;
        Interleaving::current().tell(0);
    }
    T exchange(T value, std::memory_order /*order*/) {
        Interleaving::current().step();
        return told(std::exchange(value_, value));
    }
    bool compare_exchange_weak(T& expected, T desired, std::memory_order /*success*/,
                               std::memory_order /*failure*/) {
        Interleaving::current().step();
        const bool same = value_ == expected;
        if (same) {
            value_ = desired;
        }
        expected = told(same ? expected : value_);
        Interleaving::current().tell(same ? 1 : 0);
        return same;
    }

private:
    static std::uint64_t bits(T value) {
        if constexpr (std::is_pointer_v<T>) {
            return reinterpret_cast<std::uintptr_t>(value);
        } else {
            return static_cast<std::uint64_t>(value);
        }
    }
    static T told(T value) {
        Interleaving::current().tell(bits(value));
        return value;
    }

    T value_;
};

}  // namespace eventp::testing
