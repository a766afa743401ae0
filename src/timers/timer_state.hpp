// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <limits>
#include <memory>
#include <system_error>
#include <vector>

#include <eventp/fd.hpp>
#include <eventp/timer.hpp>

#include "base/fork_guard.hpp"
#include "base/id_allocator.hpp"
#include "timers/timer_queue.hpp"

namespace eventp::inline EVENTP_ABI_NAMESPACE {

/// Owned by a Timers object and its subscriber together. The functions are in timer.cpp and
/// timer_expiry.cpp.
struct Timers::State {
    /// One cache line, because arming and cancelling touch all of it.
    struct alignas(64) Node {
        detail::TimerHandler handler;
        std::int64_t deadline = 0;
        std::int64_t period = 0;       // 0: the timer fires once
        std::uint32_t generation = 0;  // 0: the node is free
        union {
            std::uint32_t next_free = no_index;  // of a free node
            std::uint32_t sequence;              // of a postponed timer, see reschedule_to()
        };
    };
    static_assert(sizeof(Node) == 64);

    /// A temporary owner, for the time in which user code may destroy the other ones.
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
            delete this;  // NOLINT(cppcoreguidelines-owning-memory): see create()
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
    /// Terminates if another thread runs the reactor.
    void expect_this_thread() const noexcept {
        detail::UserGate::expect_usable_by_this_thread(gate->user.load(std::memory_order_relaxed));
    }
    [[nodiscard]] bool in_child() const noexcept { return process != detail::current_process(); }
    /// Why no timer can be armed; std::errc{} if one can.
    [[nodiscard]] std::errc refusal() const noexcept {
        expect_this_thread();
        if (!subscribed || closed) [[unlikely]] {
            return std::errc::broken_pipe;
        }
        return in_child() ? std::errc::no_child_process : std::errc{};
    }
    /// The node of timer `id`; null if there is no such timer, and in a forked child.
    [[nodiscard]] Node* find(TimerId id) noexcept {
        expect_this_thread();
        if (id.index() >= pages.size() * page_size || id.generation() == 0 || in_child()) {
            return nullptr;
        }
        Node& named = node(id.index());
        return named.generation == id.generation() ? &named : nullptr;
    }

    // --- arming (timer.cpp) ---
    class NodeLease;
    template <bool RunsUserCode>
    [[nodiscard]] ArmResult arm(Deadline first, std::int64_t period_ns,
                                detail::TimerHandlerMaker make);
    /// Converts to a time of this clock. Returns false for a time of another clock.
    [[nodiscard]] bool deadline_of(Deadline when, std::int64_t& deadline) const noexcept;
    // grow() and set_kernel_timer() are not inline: the function that arms then saves three
    // registers less.
    /// Adds a page of free nodes. Throws std::bad_alloc; nothing changed.
    [[gnu::noinline]] void grow();
    void give_back(std::uint32_t index, Node& timer) noexcept {
        timer.next_free = first_free;
        first_free = index;
    }
    /// Sets the kernel's timer to `deadline` if it is set to a later time. Returns -errno.
    [[nodiscard]] int ensure_wakeup_by(std::int64_t deadline) noexcept {
        return deadline >= kernel_deadline ? 0 : set_kernel_timer(deadline);
    }
    [[nodiscard, gnu::noinline]] int set_kernel_timer(std::int64_t deadline) noexcept;
    /// Disarms a timer and destroys its handler, whose destructor may call back. A handler that is
    /// running is not destroyed here but when it has returned.
    void drop(std::uint32_t index) noexcept;
    void drop_all() noexcept;
    /// Destroys the handler of a timer that is not in the queue; its destructor may call back.
    void end(std::uint32_t index, Node& timer) noexcept;
    // Not inline: most handlers need no destructor.
    [[gnu::noinline]] void end_cancelled(std::uint32_t index, Node& timer) noexcept;

    // --- a turn (timer_expiry.cpp) ---
    class Run;
    void expire(RegistrationId self, ReactorOps& reactor);
    /// Calls the handler of the front timer.
    void fire_front(std::int64_t time, ReactorOps& reactor);
    /// Asked after user code: false if no other handler must be called.
    [[nodiscard]] bool may_continue(RegistrationId self, ReactorOps& reactor) const;
    void after_fork() noexcept;
    /// Remembers the reactor that calls the subscriber. `with_gate` is null if it is a mock.
    void enter(const detail::WipedCell* with_gate) noexcept {
        gate = with_gate == nullptr ? &no_reactor : with_gate;
    }

    static constexpr std::uint32_t no_index = std::numeric_limits<std::uint32_t>::max();
    /// The kernel's timer has expired, or will at once: the timerfd is readable until it is set.
    static constexpr std::int64_t expired = std::numeric_limits<std::int64_t>::min();
    static constexpr std::size_t page_size = 256;
    static const detail::WipedCell no_reactor;
    using Page = std::array<Node, page_size>;

    detail::ProcessNumber process = detail::current_process();  // owns the timerfd
    /// Of the reactor that the subscriber is in. Set when the reactor has added it or calls it, and
    /// reset by fd(), because the next reactor that adds it may be another one.
    const detail::WipedCell* gate = &no_reactor;
    OwnedFd fd;
    detail::TimerQueue queue;
    /// Pages, so that nodes do not move when a running handler arms timers.
    std::vector<std::unique_ptr<Page>> pages;
    std::uint32_t first_free = no_index;
    /// Each arming takes a number: the generation in the TimerId of a new timer, and its place in
    /// the order of equal deadlines.
    detail::IdAllocator armings;
    std::uint32_t running = no_index;
    /// The time that the kernel's timer is set to, or `expired`.
    /// Invariant: no timer has an earlier deadline.
    std::int64_t kernel_deadline = detail::TimerQueue::never;
    int owners = 2;
    Clock clock;
    bool subscribed = true;  // the subscriber exists
    bool closed = false;     // the Timers object was destroyed
};

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE
