// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

#include <eventp/platform.hpp>

namespace eventp {

class ReactorOps;

namespace detail {

/// Something to be done on the reactor's thread, linked into a mailbox.
struct Task {
    /// Does it, or with null drops it undone, and gives the memory back either way, also when what
    /// it does throws.
    using Finish = void (*)(Task* task, ReactorOps* reactor);

    Task* next = nullptr;
    Finish finish = nullptr;
};

/// Calls a closure that takes ReactorOps& or nothing.
template <typename F>
decltype(auto) call_closure(F& closure, ReactorOps& reactor) {
    if constexpr (std::is_invocable_v<F&, ReactorOps&>) {
        return closure(reactor);
    } else {
        static_assert(std::is_invocable_v<F&>, "eventp: a closure takes ReactorOps& or nothing");
        return closure();
    }
}
template <typename F>
using ClosureResult = decltype(call_closure(std::declval<F&>(), std::declval<ReactorOps&>()));

/// A closure that nobody waits for.
template <typename F>
struct PostedTask : Task {
    explicit PostedTask(F&& posted) : Task{.finish = &run_or_drop}, closure{std::move(posted)} {}

    static void run_or_drop(Task* task, ReactorOps* reactor) {
        const std::unique_ptr<PostedTask> self{static_cast<PostedTask*>(task)};
        if (reactor != nullptr) {
            static_cast<void>(call_closure(self->closure, *reactor));
        }
    }

    F closure;
};

}  // namespace detail
}  // namespace eventp
