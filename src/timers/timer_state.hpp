// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <limits>
#include <memory>
#include <vector>

#include <eventp/fd.hpp>
#include <eventp/timer.hpp>

#include "base/fork_guard.hpp"
#include "base/id_allocator.hpp"
#include "timers/timer_queue.hpp"

namespace eventp {

/// What a Timers and its subscriber share. Its functions lie in timer.cpp (arming and the two
/// owners) and timer_expiry.cpp (a turn).
struct Timers::State {
    /// One cache line, so that arming and cancelling touch no more of a timer than that.
    struct alignas(64) Node {
        detail::TimerHandler handler;
        std::int64_t deadline = 0;
        std::int64_t period = 0;       // 0: fires once
        std::uint32_t generation = 0;  // 0: no timer
        std::uint32_t next_free = nobody;
    };
    static_assert(sizeof(Node) == 64);

    /// Counts as an owner for as long as user code may drop the others.
    class KeepAlive {
    public:
        explicit KeepAlive(State& state) noexcept : state_{state} { ++state_.owners; }
        KeepAlive(const KeepAlive&) = delete;
        KeepAlive& operator=(const KeepAlive&) = delete;
        ~KeepAlive() { state_.release(); }

    private:
        State& state_;
    };

    explicit State(Clock with_clock) noexcept;
    void release() noexcept {
        if (--owners == 0) {
            delete this;  // NOLINT(cppcoreguidelines-owning-memory): made by create()
        }
    }

    [[nodiscard]] int kernel_clock() const noexcept {
        return clock == Clock::boottime ? CLOCK_BOOTTIME : CLOCK_MONOTONIC;
    }
    [[nodiscard]] int open() noexcept;
    [[nodiscard]] std::int64_t now() const noexcept;
    [[nodiscard]] Node& node(std::uint32_t index) noexcept {
        return (*pages[index / page_size])[index % page_size];
    }
    [[nodiscard]] bool in_child() const noexcept { return process != detail::current_process(); }
    /// The timer that `id` names; null when there is none, and in a forked child.
    [[nodiscard]] Node* find(TimerId id) noexcept {
        if (id.index() >= pages.size() * page_size || id.generation() == 0 || in_child()) {
            return nullptr;
        }
        Node& named = node(id.index());
        return named.generation == id.generation() ? &named : nullptr;
    }

    // --- arming (timer.cpp) ---
    class Taken;
    /// False: it is of another clock.
    [[nodiscard]] bool deadline_of(Moment moment, std::int64_t& deadline) const noexcept;
    // Out of line, this and set_kernel_timer(): arming saves three registers less.
    /// Makes room for a page more of timers. Throws std::bad_alloc; nothing changed.
    [[gnu::noinline]] void grow();
    void give_back(std::uint32_t index, Node& timer) noexcept {
        timer.next_free = first_free;
        first_free = index;
    }
    /// Has the kernel wake the reactor at `deadline` if it would not by then.
    [[nodiscard]] int wake_by(std::int64_t deadline) noexcept {
        return deadline >= kernel_deadline || expiring ? 0 : set_kernel_timer(deadline);
    }
    [[nodiscard, gnu::noinline]] int set_kernel_timer(std::int64_t deadline) noexcept;
    /// Ends a timer. Its handler is destroyed, which may call back; a running one when it returns.
    void drop(std::uint32_t index) noexcept;
    void drop_all() noexcept;
    /// Destroys the handler of a timer that is in the queue no more, which may call back.
    void end(std::uint32_t index, Node& timer) noexcept;
    // Out of the way of handlers that need no destructor.
    [[gnu::noinline]] void end_cancelled(std::uint32_t index, Node& timer) noexcept;

    // --- a turn (timer_expiry.cpp) ---
    class Run;
    void expire(RegistrationId self, ReactorOps& reactor);
    /// Calls the handler of the front timer. False: there is to be no further call.
    [[nodiscard]] bool fire_front(std::int64_t time, RegistrationId self, ReactorOps& reactor);
    void after_fork() noexcept;

    static constexpr std::uint32_t nobody = std::numeric_limits<std::uint32_t>::max();
    static constexpr std::size_t page_size = 256;
    using Page = std::array<Node, page_size>;

    detail::ProcessNumber process = detail::current_process();  // whose timerfd it is
    OwnedFd fd;
    detail::TimerQueue queue;
    /// Nodes do not move: a handler arms timers while it runs.
    std::vector<std::unique_ptr<Page>> pages;
    std::uint32_t first_free = nobody;
    detail::IdAllocator generations;
    std::uint32_t running = nobody;
    /// When the kernel makes `fd` readable, or has made it.
    /// Invariant: outside expire(), nobody's deadline is before it.
    std::int64_t kernel_deadline = detail::TimerQueue::never;
    int owners = 2;
    Clock clock;
    bool expiring = false;   // expire() is on the stack and will set the kernel's timer
    bool subscribed = true;  // the subscriber lives
    bool abandoned = false;  // the Timers is gone
};

}  // namespace eventp
