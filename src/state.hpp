// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>

#include <pthread.h>

#include <eventp/reactor.hpp>

#include "backend/epoll.hpp"
#include "batch.hpp"
#include "quarantine.hpp"
#include "registry.hpp"
#include "wakeup.hpp"

namespace eventp {

/// What a reactor is made of. Its functions lie in dispatch.cpp (a turn), registering.cpp (add,
/// modify, again), removing.cpp (remove, take, release) and rebuild.cpp (between turns).
struct Reactor::State {
    class Busy;
    class RunScope;

    explicit State(const Options& options);
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    ~State();

    /// Why nothing can be done: this is a forked child's copy, or it has ended; else std::errc{}.
    /// Terminates when a run is on the stack of another thread.
    [[nodiscard]] std::errc refusal() const noexcept;
    [[nodiscard]] bool in_child() const noexcept { return wakeup->guard().in_child(); }

    // --- a turn (dispatch.cpp) ---
    [[nodiscard]] Result<std::size_t> turn(std::int64_t timeout_ns);
    [[nodiscard]] int wait(epoll_event* room, std::int64_t timeout_ns) noexcept;
    [[nodiscard]] std::int64_t spin(epoll_event* room, std::int64_t timeout_ns,
                                    int& reported) noexcept;
    [[nodiscard]] std::size_t dispatch();
    template <typename IsOver, typename Remaining>
    [[nodiscard]] Result<> turns(IsOver is_over, Remaining remaining);
    /// Where dispatch looks up and destroys what was removed. Lies in the page that a forked child
    /// finds empty.
    [[nodiscard]] epoll_event*& loop_end() const noexcept {
        return wakeup->guard().page().loop_end;
    }
    /// The slot whose handler is on the stack; null when none is.
    [[nodiscard]] detail::Slot* running() const noexcept;

    // --- add, modify, again (registering.cpp) ---
    /// A number, and the paused slot in its row that is to make way; null when the row is free.
    struct Place {
        int fd;
        detail::Slot* leaves;
    };
    /// Where a slot is to be registered: asks its subscriber, and one that is in the way. Their
    /// code may call back, so the caller looks anew at whatever it knew.
    [[nodiscard]] Result<Place> place_for(detail::Slot& slot);
    /// Takes a slot into the kernel's set, and its row is free for it afterwards.
    [[nodiscard]] Result<> enter_kernel(detail::Slot& slot, Place place, Interest interest);
    /// Takes it out. False when the kernel may still hold its address.
    [[nodiscard]] bool leave_kernel(detail::Slot& slot, int fd) noexcept;
    [[nodiscard]] Result<> change(detail::Slot& slot, Interest interest);
    [[nodiscard]] Result<> pause(detail::Slot& slot, Interest interest);
    [[nodiscard]] Result<> resume(detail::Slot& slot, Interest interest);
    /// What modify() owes to an event of the slot that is still to be dispatched.
    void narrow_pending(detail::Slot& slot, Interest interest) noexcept;

    // --- remove, take (removing.cpp) ---
    enum class When : std::uint8_t { after_the_handler, now };
    bool remove(const Key& key, When when) noexcept;
    void unregister(detail::Slot& slot) noexcept;
    void destroy(detail::Slot& slot) noexcept;
    void destroy_retired() noexcept;
    void destroy_all() noexcept;
    [[nodiscard]] ThinSubscriber take(const Key& key) noexcept;
    [[nodiscard]] ThinSubscriber hand_out(detail::Slot& slot) noexcept;

    // --- between turns (rebuild.cpp) ---
    /// The one place where slot memory is given back and the kernel's set is rebuilt. Does nothing
    /// while the reactor is busy or a tail is kept.
    void settle() noexcept;
    [[nodiscard]] bool rebuild_is_due() const noexcept;
    [[nodiscard]] bool rebuild() noexcept;
    [[nodiscard]] bool fill(detail::EpollSet& fresh) noexcept;
    void renew_spare() noexcept;
    void show_in_facade() noexcept;
    /// Lets an outer loop that watches the facade know of what is kept in here, and be woken by
    /// posts.
    void announce_kept() noexcept;

    // --- a forked child (forked.cpp) ---
    [[nodiscard]] Result<> reinit_after_fork();
    void keep_after_fork(Registration name);

    /// A slot without a value.
    static detail::Slot slot_of(const detail::Operations& operations) noexcept;

    // --- what slots call instead of a handler ---
    static void on_wakeup(detail::Slot* slot, std::uint32_t events, ReactorOps* reactor);
    static void on_ghost(detail::Slot* slot, std::uint32_t events, ReactorOps* reactor);
    static const detail::Operations wakeup_operations;
    static const detail::Operations ghost_operations;
    static const detail::Operations dead_operations;

    Reactor* reactor = nullptr;
    detail::EpollSet set;
    detail::EpollSet facade;  // what fd() gives; contains `set`
    detail::EpollSet spare;  // the next `set`: holds a number, so that EMFILE cannot stop a rebuild
    std::shared_ptr<detail::Wakeup> wakeup;  // shared with handles for other threads
    detail::Registry registry;
    detail::Quarantine quarantine;
    detail::Batch batch;
    detail::Slot* retired = nullptr;  // removed in a handler, destroyed when it has returned
    detail::Slot nobody = slot_of(dead_operations);  // takes events that nobody is to have
    detail::Slot wakeup_slot = slot_of(wakeup_operations);
    Stats stats;
    std::size_t unhandled = 0;   // events of the running dispatch that called no handler
    std::size_t ghosts = 0;      // since the last rebuild
    std::size_t held_limit = 0;  // quarantined slots that are put up with; 0: the rule decides
    unsigned busy = 0;           // handlers, destructors and rebuilds on the stack
    int capacity;
    bool dispatching = false;
    bool reaping = false;  // between two handlers, destroying what the first one removed
    bool rebuild_wanted = false;
    bool facade_is_blind = false;  // the facade lacks the set: the kernel refused it
    bool ended = false;
    bool has_endpoints = false;  // others may post; it stays so when the last of them is gone
    std::int64_t spin_ns;
};

/// Something of the user's, or a rebuild, is on the stack.
class Reactor::State::Busy {
public:
    explicit Busy(State& state) noexcept : state_{state} { ++state_.busy; }
    Busy(const Busy&) = delete;
    Busy& operator=(const Busy&) = delete;
    ~Busy() { --state_.busy; }

private:
    State& state_;
};

/// Binds a run to its thread for as long as it is on the stack.
class Reactor::State::RunScope {
public:
    explicit RunScope(detail::Wakeup& wakeup) noexcept : wakeup_{wakeup}, before_{wakeup.runner()} {
        wakeup_.set_runner(pthread_self());
    }
    RunScope(const RunScope&) = delete;
    RunScope& operator=(const RunScope&) = delete;
    ~RunScope() { wakeup_.set_runner(before_); }

private:
    detail::Wakeup& wakeup_;
    pthread_t before_;
};

/// A state that create() has made: what the public constructor takes and nobody else can name.
class Reactor::Made {
public:
    explicit Made(std::unique_ptr<State> made) noexcept : state{std::move(made)} {}
    std::unique_ptr<State> state;
};

}  // namespace eventp
