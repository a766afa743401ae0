// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include <eventp/detail/contract.hpp>
#include <eventp/reactor.hpp>

#include "base/id_allocator.hpp"
#include "core/batch.hpp"
#include "core/epoll_set.hpp"
#include "core/quarantine.hpp"
#include "core/registry.hpp"
#include "core/remote_channel.hpp"

namespace eventp {

/// What a reactor is made of. Its functions lie in dispatch.cpp (a turn), registering.cpp (add,
/// modify, again), removing.cpp (remove, take, release) and rebuild.cpp (between turns).
/// Aligned to a cache line, so that the members that every turn uses lie on as few as they can.
struct alignas(64) Reactor::State {
    class BusyScope;
    class UserCallScope;
    class DispatchScope;
    class RunScope;

    explicit State(const Options& options);
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    ~State();

    /// Why nothing can be done: this is a forked child's copy, or it has ended; else std::errc{}.
    /// Terminates when a run is on the stack of another thread.
    [[nodiscard]] std::errc refusal() const noexcept {
        if (in_child()) [[unlikely]] {
            return std::errc::no_child_process;
        }
        const detail::ThreadToken runner = channel->runner();
        if (runner != nullptr) [[unlikely]] {  // laid out for run_once(), see turn()
            detail::expects(runner == detail::this_thread(),
                            "a Reactor is used from another thread while it runs: use a "
                            "std::stop_token or a RemoteEndpoint");
        }
        return ended ? std::errc::operation_canceled : std::errc{};
    }
    /// As refusal(); also when code of the user's, or a rebuild, is on the stack.
    [[nodiscard]] std::errc refusal_unless_idle() const noexcept {
        const std::errc why = refusal();
        if (why == std::errc{} && busy != 0) [[unlikely]] {
            return std::errc::device_or_resource_busy;
        }
        return why;
    }
    [[nodiscard]] bool in_child() const noexcept { return channel->guard().in_child(); }

    // --- a turn (dispatch.cpp) ---
    [[nodiscard]] Result<std::size_t> turn(std::int64_t timeout_ns);
    // Not noexcept, these three: a thread that is cancelled while it waits unwinds (pthreads(7)).
    [[nodiscard]] int wait(epoll_event* room, std::int64_t timeout_ns) {
        if (needs_slow_wait) [[unlikely]] {
            return wait_slow(room, timeout_ns);
        }
        return set.wait(room, capacity, timeout_ns);
    }
    [[nodiscard, gnu::noinline]] int wait_slow(epoll_event* room, std::int64_t timeout_ns);
    [[nodiscard]] std::int64_t spin(epoll_event* room, std::int64_t timeout_ns, int& reported);
    void put_tasks_first() noexcept;
    [[nodiscard]] std::size_t dispatch();
    void call_handlers();
    template <typename IsOver, typename Remaining>
    [[nodiscard]] Result<> turns(IsOver is_over, Remaining remaining);
    /// Where dispatch looks up and destroys what was removed. Lies in the page that a forked child
    /// finds empty.
    [[nodiscard]] epoll_event*& loop_end() const noexcept {
        return channel->guard().cell().loop_end;
    }
    /// The slot whose handler is on the stack; null when none is.
    [[nodiscard]] detail::Slot* running() const noexcept;

    // --- add, modify, again (registering.cpp) ---
    /// A number, and the paused slot that has its row and is to leave it; null when that is free.
    struct Place {
        int fd;
        detail::Slot* evicted;
    };
    /// Where a slot is to be registered: asks its subscriber, and one that is in the way. Their
    /// code may call back, so the caller looks anew at whatever it knew.
    /// Throws std::bad_alloc; nothing changed.
    [[nodiscard]] Result<Place> place_for(detail::Slot& slot);
    /// Takes a slot into the kernel's set, and its row is free for it afterwards.
    /// Throws std::bad_alloc; nothing changed.
    [[nodiscard]] Result<> add_to_epoll(detail::Slot& slot, Place place, Interest interest);
    /// Takes it out. False when the kernel may still hold its address.
    [[nodiscard]] bool remove_from_epoll(detail::Slot& slot, int fd) noexcept;
    [[nodiscard]] int descriptor_of(detail::Slot& slot);
    /// The kernel's entry can be changed: its number leads to it, and to no other.
    [[nodiscard]] bool epoll_ctl_reaches(const detail::Slot& slot) const noexcept;
    [[nodiscard]] Result<> change(detail::Slot& slot, Interest interest);
    [[nodiscard]] Result<> change_watched(detail::Slot& slot, Interest interest);
    [[nodiscard]] Result<> pause(detail::Slot& slot, Interest interest);
    [[nodiscard]] Result<> resume(detail::Slot& slot, Interest interest);
    /// What modify() owes to an event of the slot that is still to be dispatched.
    void narrow_pending(detail::Slot& slot, Interest interest) noexcept;

    // --- remove, take (removing.cpp) ---
    enum class When : std::uint8_t { after_the_handler, now };
    /// The value must not be destroyed now: its own code, or a handler, is on the stack.
    [[nodiscard]] bool is_to_be_retired(const detail::Slot& slot, When when) const noexcept;
    bool remove(const RegistrationKey& key, When when) noexcept;
    void unregister(detail::Slot& slot) noexcept;
    void destroy(detail::Slot& slot) noexcept;
    [[gnu::noinline]] void destroy_retired() noexcept;  // out of the way of dispatch
    void destroy_all() noexcept;
    void close_wakeup() noexcept;
    [[nodiscard]] AnySubscriber extract(const RegistrationKey& key) noexcept;
    [[nodiscard]] AnySubscriber hand_out(detail::Slot& slot) noexcept;

    // --- between turns (rebuild.cpp) ---
    /// The one place where slot memory is given back and the kernel's set is rebuilt. Does nothing
    /// while the reactor is busy or a tail is kept.
    void settle() noexcept {
        if (!is_settled()) [[unlikely]] {
            settle_now();
        }
    }
    [[nodiscard]] bool is_settled() const noexcept {
        // Not an &&, nor in is_empty(): the compiler guesses anew at each leg of one.
        if (rebuild_wanted || pollable_is_stale || !quarantine.is_empty()) [[unlikely]] {
            return false;
        }
        return true;
    }
    void settle_now() noexcept;
    // For dispatch, which in line would spend eight instructions more on every turn. remove(),
    // which always has something to settle, has it in line.
    [[gnu::noinline]] void settle_out_of_line() noexcept { settle_now(); }
    [[nodiscard]] bool rebuild_is_due() const noexcept;
    [[nodiscard]] bool rebuild() noexcept;
    [[nodiscard]] bool fill(detail::EpollSet& fresh) noexcept;
    void renew_spare() noexcept;
    void attach_to_pollable() noexcept;
    /// Lets an outer loop that watches the facade know of what is kept in here, and be woken by
    /// posts.
    void wake_outer_loop() noexcept {
        if (pollable.is_open()) [[unlikely]] {
            wake_outer_loop_now();
        }
    }
    [[gnu::noinline]] void wake_outer_loop_now() noexcept;

    // --- a forked child (forked.cpp) ---
    [[nodiscard]] Result<> reinit_after_fork();
    void keep_after_fork(RegistrationId name);

    /// A slot without a value.
    static detail::Slot slot_of(const detail::Operations& operations) noexcept;

    // --- what slots call instead of a handler ---
    static void on_wakeup(detail::Slot* slot, std::uint32_t events, ReactorOps* reactor);
    static void on_ghost(detail::Slot* slot, std::uint32_t events, ReactorOps* reactor);
    static const detail::Operations wakeup_operations;
    static const detail::Operations ghost_operations;
    static const detail::Operations dead_operations;

    // --- what every turn uses, on three cache lines ---
    Reactor* reactor = nullptr;
    detail::EpollSet set;
    detail::EpollSet pollable;                       // what fd() gives; contains `set`
    std::shared_ptr<detail::RemoteChannel> channel;  // shared with handles for other threads
    detail::Slot* retired = nullptr;  // removed, and destroyed when what runs has returned
    detail::Quarantine quarantine;
    detail::Batch batch;
    std::size_t events_without_handler =
        0;              // events of the running dispatch that called no handler
    unsigned busy = 0;  // handlers, destructors and rebuilds on the stack
    int capacity;
    bool dispatching = false;
    bool destroying_retired = false;  // between two handlers, destroying what the first one removed
    bool rebuild_wanted = false;
    bool pollable_is_stale = false;  // the facade lacks the set: the kernel refused it
    bool ended = false;
    bool has_endpoints = false;  // others may post; it stays so when the last of them is gone
    bool needs_slow_wait;        // has endpoints, or spins
    Stats stats;

    // --- what a turn seldom uses ---
    detail::EpollSet spare;  // the next `set`: holds a number, so that EMFILE cannot stop a rebuild
    detail::Registry registry;
    detail::IdAllocator generations;
    const UserCallScope* asking = nullptr;                 // the innermost
    detail::Slot discard_slot = slot_of(dead_operations);  // takes events that nobody is to have
    detail::Slot wakeup_slot = slot_of(wakeup_operations);
    std::size_t ghosts = 0;  // since the last rebuild
    std::size_t quarantine_limit =
        0;  // quarantined slots that are put up with; 0: the rule decides
    std::int64_t spin_ns;
};

/// Something of the user's, or a rebuild, is on the stack.
class Reactor::State::BusyScope {
public:
    explicit BusyScope(State& state) noexcept : state_{state} { ++state_.busy; }
    BusyScope(const BusyScope&) = delete;
    BusyScope& operator=(const BusyScope&) = delete;
    ~BusyScope() { --state_.busy; }

private:
    State& state_;
};

/// Code of a subscriber other than its handler is on the stack: its fd() or after_fork(). When it
/// removes its own subscriber, that is destroyed when it has returned.
class Reactor::State::UserCallScope {
public:
    UserCallScope(State& state, const detail::Slot& slot) noexcept
        : busy_{state}, state_{state}, slot_{slot}, outer_{std::exchange(state.asking, this)} {}
    UserCallScope(const UserCallScope&) = delete;
    UserCallScope& operator=(const UserCallScope&) = delete;
    ~UserCallScope() {
        state_.asking = outer_;
        if (state_.retired != nullptr && outer_ == nullptr && !state_.dispatching) {
            state_.destroy_retired();
        }
    }

    [[nodiscard]] const detail::Slot& slot() const noexcept { return slot_; }
    [[nodiscard]] const UserCallScope* outer() const noexcept { return outer_; }

private:
    BusyScope busy_;
    State& state_;
    const detail::Slot& slot_;
    const UserCallScope* outer_;
};

/// Binds a run to its thread for as long as it is on the stack.
class Reactor::State::RunScope {
public:
    explicit RunScope(detail::RemoteChannel& channel) noexcept
        : channel_{channel}, before_{channel.runner()} {
        channel_.set_runner(detail::this_thread());
    }
    RunScope(const RunScope&) = delete;
    RunScope& operator=(const RunScope&) = delete;
    ~RunScope() { channel_.set_runner(before_); }

private:
    detail::RemoteChannel& channel_;
    detail::ThreadToken before_;
};

/// A state that create() has made: what the public constructor takes and nobody else can name.
class Reactor::Made {
public:
    explicit Made(std::unique_ptr<State> made) noexcept : state{std::move(made)} {}
    std::unique_ptr<State> state;
};

}  // namespace eventp
