// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include <eventp/detail/contract.hpp>
#include <eventp/reactor.hpp>

#include "base/assert.hpp"
#include "base/id_allocator.hpp"
#include "core/batch.hpp"
#include "core/epoll_set.hpp"
#include "core/quarantine.hpp"
#include "core/registry.hpp"
#include "core/remote_channel.hpp"
#include "core/slot_state.hpp"

namespace eventp::inline EVENTP_ABI_NAMESPACE {

/// What a reactor consists of. Aligned to a cache line, so that the members that every turn uses
/// are on as few lines as possible.
struct alignas(64) Reactor::State {
    /// Which user code of this reactor is on the stack.
    enum class Phase : std::uint8_t {
        idle,                // none
        dispatching,         // a handler or posted closure, or a destructor that it has called
        destroying_retired,  // between two handlers: a destructor of what the first one removed
        destroying,          // a destructor, outside dispatch
        after_fork,          // after_fork() of `after_fork_slot`
        reading_fd,          // fd() of a subscriber: it may not use the reactor
    };
    class PhaseScope;
    class RunScope;
    class UseScope;
    class ReadingScope;
    class UnwindScope;
    enum class When : std::uint8_t { after_the_handler, now };
    struct Forever;
    struct Keeping;
    struct UntilTime;
    struct UntilToken;

    explicit State(const Options& options);
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    ~State();

    // --- who may use the reactor (reactor.cpp) ---

    /// Why an operation is refused: this is a forked child, the reactor is closed, or fd() of a
    /// subscriber is on the stack. std::errc{} if it is not refused. Terminates if another thread
    /// uses the reactor.
    [[nodiscard]] std::errc refusal() const noexcept {
        if (detail::UserGate::is_usable_by_this_thread(gate.user())) [[likely]] {
            return std::errc{};
        }
        return refusal_reason();
    }
    /// The same for operations that end the reactor or run it: also refused if it is in use.
    [[nodiscard]] std::errc refusal_unless_idle() const noexcept {
        return gate.user() == detail::UserGate::idle ? std::errc{} : refusal_to_run();
    }
    /// For operations that also work while the reactor is closed or being destroyed.
    [[nodiscard]] bool is_usable() const noexcept {
        const std::errc why = refusal();
        return why == std::errc{} || why == std::errc::operation_canceled;
    }
    [[nodiscard, gnu::cold]] std::errc refusal_reason() const noexcept;
    [[nodiscard, gnu::cold]] std::errc refusal_to_run() const noexcept;
    /// The descriptor is one of the reactor's own.
    [[nodiscard]] bool is_own(int fd) const noexcept {
        return fd == set.fd() || fd == spare.fd() || fd == pollable.fd() || fd == channel->fd();
    }
    [[nodiscard]] bool is_in_child() const noexcept { return gate.is_in_child(); }

    // --- the loop (dispatch.cpp) ---

    template <typename Until>
    [[nodiscard]] Result<> run(Until until);
    [[nodiscard]] Result<std::size_t> run_once(std::int64_t timeout_ns);
    [[nodiscard]] int fill_batch(std::int64_t timeout_ns);
    [[nodiscard]] int fill_batch_slow(std::int64_t timeout_ns);
    [[nodiscard]] int wait_slow(epoll_event* at, std::int64_t timeout_ns);
    [[nodiscard]] int poll_busily(epoll_event* at, std::int64_t& timeout_ns);
    [[nodiscard]] std::int64_t wait_for_wakeup(std::int64_t timeout_ns);
    /// Both return false in a forked child, in which the batch is over.
    bool dispatch_batch();
    bool call_handlers();
    /// Destroys what a handler removed, after it has returned. False in a forked child.
    bool destroy_retired() noexcept;
    /// The same while a handler is on the stack, whose subscriber, running(), is not destroyed.
    void destroy_removed() noexcept;
    void destroy(detail::Slot& slot) noexcept;
    void end_turn() noexcept;
    /// A handler, or the destructor of a subscriber that one has removed, is on the stack.
    [[nodiscard]] bool is_in_turn() const noexcept {
        return phase == Phase::dispatching || phase == Phase::destroying_retired;
    }
    /// The subscriber whose handler or after_fork() is on the stack; null if there is none.
    [[nodiscard]] detail::Slot* running() const noexcept;

    // --- add, modify, requeue (add_modify.cpp) ---

    /// Calls fd() of the subscriber, which is user code: it may fork, but not use the reactor.
    /// Returns -errno if the result is not a descriptor or this is a forked child now.
    [[nodiscard]] int read_descriptor(detail::Slot& slot);
    /// Adds an entry for the slot; if `interest` is empty, only tries whether that is possible.
    [[nodiscard]] Result<> add_to_epoll(detail::Slot& slot, Interest interest);
    /// False if the kernel may still hold the address of the slot.
    [[nodiscard]] bool remove_from_epoll(detail::Registry::Entry entry,
                                         const detail::Slot& slot) noexcept;
    [[nodiscard]] Result<> change_watched(detail::Slot& slot, Interest interest);
    [[nodiscard]] Result<> pause(detail::Slot& slot, Interest interest);
    [[nodiscard]] Result<> resume(detail::Slot& slot, Interest interest);
    /// Adapts a pending event of the slot to its new interest.
    void mask_pending(detail::Slot& slot, Interest interest) noexcept;

    // --- remove, extract, the end (remove.cpp) ---

    bool remove(const RegistrationKey& key, When when) noexcept;
    [[nodiscard]] bool must_retire(const detail::Slot& slot, When when) const noexcept;
    void unregister(detail::Registry::Entry entry, detail::Slot& slot) noexcept;
    [[nodiscard]] AnySubscriber extract(const RegistrationKey& key) noexcept;
    [[nodiscard]] AnySubscriber hand_out(detail::Registry::Entry entry,
                                         detail::Slot& slot) noexcept;
    void close() noexcept;
    void destroy_all() noexcept;

    // --- between turns (settle.cpp, rebuild.cpp) ---

    /// Frees the memory of destroyed slots and replaces the epoll instance if that is due. Does
    /// nothing if user code is on the stack, if events of the last turn are still to be dispatched,
    /// in a forked child, and after the reactor was closed.
    void settle() noexcept {
        if (phase != Phase::idle || batch.has_rest() || is_in_child() || is_closed) {
            return;
        }
        quarantine.settle(stale_operations);
        needs_end_turn = pollable.is_open();
        if (has_stale_entries) [[unlikely]] {
            settle_stale_entries();
        }
    }
    void settle_stale_entries() noexcept;
    [[nodiscard]] bool is_rebuild_due() const noexcept;
    [[nodiscard]] bool rebuild() noexcept;
    [[nodiscard]] bool fill(detail::EpollSet& fresh) noexcept;
    void commit_rebuild() noexcept;
    void renew_spare() noexcept;

    // --- fd() (pollable.cpp) ---

    [[nodiscard]] Result<BorrowedFd> open_pollable();
    /// Registers the epoll instance with the one that fd() returns.
    void attach_to_pollable() noexcept;
    /// Makes fd() readable if there are events or tasks that the epoll instance does not show.
    void wake_outer_loop() noexcept;

    // --- a forked child (fork.cpp) ---

    [[nodiscard]] Result<> reinit_after_fork();
    void keep_after_fork(RegistrationId id);

    // --- slots that have no subscriber ---

    static detail::Slot slot_without_value(const detail::Operations& operations) noexcept;
    void count_without_handler() noexcept {
        ++without_handler_in_turn;
        ++events_without_handler;
    }
    static void on_wakeup(detail::Slot* slot, std::uint32_t events, ReactorOps* reactor);
    static void run_tasks(detail::Slot* slot, std::uint32_t events, ReactorOps* reactor);
    static void on_stale(detail::Slot* slot, std::uint32_t events, ReactorOps* reactor);
    static const detail::Operations wakeup_operations;
    static const detail::Operations tasks_operations;
    static const detail::Operations stale_operations;
    static const detail::Operations dead_operations;

    // --- members that every turn uses ---

    Reactor* reactor = nullptr;
    detail::UserGate gate;
    detail::Slot* retired = nullptr;  // removed by the running handler
    detail::EpollSet set;
    int capacity;
    Phase phase = Phase::idle;
    bool has_slow_wait;              // see fill_batch_slow()
    bool needs_end_turn = false;     // end_turn() has something to do
    bool has_stale_entries = false;  // see settle_stale_entries()
    bool is_rebuild_wanted = false;  // by extract(), for a slot whose address the kernel may hold
    bool is_pollable_stale = false;  // the kernel refused to attach the epoll instance
    bool is_closed = false;
    bool has_endpoints = false;  // a RemoteEndpoint was made
    detail::Batch batch;
    std::uint64_t turns = 0;
    std::uint64_t events_reported = 0;
    std::size_t without_handler_in_turn = 0;
    std::shared_ptr<detail::RemoteChannel> channel;

    // --- members that a turn seldom uses ---

    std::uint64_t events_without_handler = 0;
    std::uint64_t events_prepended = 0;  // tasks and requeued events: not reported by the kernel
    std::uint64_t events_dropped = 0;
    std::uint64_t stale_events = 0;
    std::uint64_t stale_in_turn = 0;
    std::uint64_t stale_since_rebuild = 0;
    std::uint64_t rebuilds = 0;
    std::uint64_t descriptors_detached = 0;
    detail::EpollSet pollable;  // what fd() returns; contains `set`
    detail::EpollSet spare;     // the next `set`: opened in advance, in case of EMFILE
    detail::Registry registry;
    detail::Quarantine quarantine;
    detail::IdAllocator ids;
    detail::Slot* after_fork_slot = nullptr;     // whose after_fork() is on the stack
    detail::ThreadToken reading_user = nullptr;  // of the gate, before Phase::reading_fd
    detail::Slot wakeup_slot = slot_without_value(wakeup_operations);
    detail::Slot tasks_slot = slot_without_value(tasks_operations);
    detail::Slot discard_slot = slot_without_value(dead_operations);  // receives discarded events
    std::size_t quarantine_limit = 0;  // raised after a failed rebuild; 0: the default
    bool has_rebuild_failed = false;   // the last one
    bool is_throttled = false;         // see wait_for_wakeup()
    std::int64_t busy_poll_ns;
};

/// User code is on the stack.
class Reactor::State::PhaseScope {
public:
    PhaseScope(State& state, Phase phase) noexcept
        : state_{state}, outer_{std::exchange(state.phase, phase)} {}
    PhaseScope(const PhaseScope&) = delete;
    PhaseScope& operator=(const PhaseScope&) = delete;
    ~PhaseScope() { state_.phase = outer_; }

private:
    State& state_;
    Phase outer_;
};

/// The reactor belongs to this thread while a run is on the stack.
class Reactor::State::RunScope {
public:
    explicit RunScope(State& state) noexcept : state_{state} {
        state.gate.set_user(detail::this_thread());
    }
    RunScope(const RunScope&) = delete;
    RunScope& operator=(const RunScope&) = delete;
    ~RunScope() {
        if (!has_ended_ && !state_.is_in_child()) {
            end();
        }
    }
    void end() noexcept {
        state_.gate.set_user(detail::UserGate::idle);
        has_ended_ = true;
    }

private:
    State& state_;
    bool has_ended_ = false;
};

/// Refuses runs, and use by other threads, while a destructor is on the stack outside a run.
class Reactor::State::UseScope {
public:
    explicit UseScope(State& state) noexcept
        : state_{state}, is_outermost_{state.gate.user() == detail::UserGate::idle} {
        if (is_outermost_) {
            state_.gate.set_user(detail::this_thread());
        }
    }
    UseScope(const UseScope&) = delete;
    UseScope& operator=(const UseScope&) = delete;
    ~UseScope() {
        if (is_outermost_ && !state_.is_in_child()) {
            state_.gate.set_user(detail::UserGate::idle);
        }
    }

private:
    State& state_;
    bool is_outermost_;
};

/// A new state. Private, so that only a Reactor can make the argument of the public
/// constructor.
class Reactor::Made {
public:
    explicit Made(std::unique_ptr<State> made) noexcept : state{std::move(made)} {}
    std::unique_ptr<State> state;
};

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE
