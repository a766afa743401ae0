// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include <eventp/detail/member_handler.hpp>
#include <eventp/platform.hpp>

namespace eventp::inline EVENTP_ABI_NAMESPACE {

class ReactorOps;

namespace detail {

/// Work for the reactor's thread: a node in the list of a mailbox.
struct Task {
    /// Runs the task or, if `reactor` is null, drops it. Frees its memory in both cases, even if
    /// running it throws.
    using RunOrDrop = void (*)(Task* task, ReactorOps* reactor);

    Task* next = nullptr;
    RunOrDrop run_or_drop = nullptr;
};

/// Calls a closure that takes ReactorOps& or nothing.
template <typename F>
decltype(auto) call_closure(F& closure, ReactorOps& reactor) {
    if constexpr (is_member_handler<F>) {
        call_member(closure, [&reactor](auto& callable) {
            static_cast<void>(call_closure(callable, reactor));
        });
    } else if constexpr (std::is_invocable_v<F&, ReactorOps&>) {
        return std::invoke(closure, reactor);
    } else {
        static_assert(std::is_invocable_v<F&>, "eventp: a closure takes ReactorOps& or nothing");
        return std::invoke(closure);
    }
}
template <typename F>
using ClosureResult = decltype(call_closure(std::declval<F&>(), std::declval<ReactorOps&>()));

/// Memory for an object that one thread makes and another destroys. Throws std::bad_alloc.
[[nodiscard]] EVENTP_API void* allocate_task(std::size_t size);
EVENTP_API void free_task(void* task) noexcept;
inline constexpr std::size_t task_align = 16;

/// A closure whose result is ignored.
template <typename F>
struct PostedTask : Task {
    template <typename G>
        requires(!std::same_as<std::remove_cvref_t<G>, PostedTask>)
    explicit PostedTask(G&& posted)
        : Task{.run_or_drop = &run_or_drop_this}, closure(std::forward<G>(posted)) {}

    static void run_or_drop_this(Task* task, ReactorOps* reactor) {
        const std::unique_ptr<PostedTask> self{static_cast<PostedTask*>(task)};
        if (reactor != nullptr) {
            static_cast<void>(call_closure(self->closure, *reactor));
        }
    }

    // For closures with the default alignment; the others use the global operators.
    static void* operator new(std::size_t size) { return allocate_task(size); }
    static void* operator new(std::size_t size, std::align_val_t align) {
        return ::operator new(size, align);
    }
    static void operator delete(void* task) noexcept { free_task(task); }
    static void operator delete(void* task, std::align_val_t align) noexcept {
        ::operator delete(task, align);
    }

    F closure;
};

}  // namespace detail
}  // namespace eventp::inline EVENTP_ABI_NAMESPACE
