// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <type_traits>
#include <vector>

#include <eventp/detail/duration.hpp>
#include <eventp/detail/exceptions.hpp>
#include <eventp/detail/slot.hpp>
#include <eventp/fd.hpp>
#include <eventp/reactor_ops.hpp>
#include <eventp/result.hpp>

namespace eventp {

/// Hands each readiness event to its subscriber at the cost of one indirect call, and owns the
/// subscribers.
///
/// Not copyable and not movable: the kernel holds addresses that lead back here. One reactor is
/// used by one thread at a time; between runs it may be handed to another like any object.
/// From other threads: a std::stop_token or a RemoteEndpoint. From a signal handler: nothing.
/// Destroying it while it is busy (in a handler, or by exit() in one) terminates with a message.
/// Each subscriber is destroyed in turn; one whose destructor calls back finds that add() answers
/// operation_canceled and that remove() works. [reactor.destroy]
class EVENTP_API Reactor final : public ReactorOps {
public:
    struct Options {
        /// The largest number of events that one wait takes from the kernel.
        std::size_t event_capacity = 512;
        /// How long a turn polls the kernel before it blocks: lower latency for more processor
        /// time. docs/busy_polling.md has measurements. [run.busy_poll]
        std::chrono::nanoseconds busy_poll{0};
    };

    /// Counters since construction, except for the two current values at the end.
    struct Stats {
        std::uint64_t turns = 0;            // iterations that dispatched a batch
        std::uint64_t events_reported = 0;  // by the kernel, wake-ups included
        std::uint64_t handlers_called = 0;
        std::uint64_t events_dropped = 0;        // of removed, paused and fired subscribers
        std::uint64_t stale_events = 0;          // of quarantined subscribers
        std::uint64_t rebuilds = 0;              // replacements of the epoll instance
        std::uint64_t descriptors_detached = 0;  // that a rebuild found closed or replaced
        std::size_t quarantined = 0;  // removed subscribers that the kernel may still know, now
        std::size_t registered = 0;   // subscribers, now
    };

    /// Throws std::system_error with what create() answers, and std::bad_alloc. Without exceptions:
    /// terminates.
    Reactor();
    explicit Reactor(const Options& options);
    ~Reactor();
    Reactor(const Reactor&) = delete;
    Reactor& operator=(const Reactor&) = delete;

    /// Errors:         too_many_files_open, too_many_files_open_in_system, not_enough_memory,
    ///                 no_space_on_device: epoll_create1(2), eventfd(2), epoll_ctl(2).
    ///                 invalid_argument: a capacity of zero, or over INT_MAX /
    ///                 sizeof(epoll_event); a negative busy_poll.
    /// Throws:         std::bad_alloc.
    /// [reactor.create]
    [[nodiscard]] static Result<Reactor> create(const Options& options);
    [[nodiscard]] static Result<Reactor> create();

    [[nodiscard]] Result<RegistrationId> add(AnySubscriber& subscriber) override;
    [[nodiscard]] Result<> modify(RegistrationKey key, Interest interest) override;
    bool remove(RegistrationKey key) override;
    bool remove_now(RegistrationKey key) override;
    [[nodiscard]] AnySubscriber extract(RegistrationKey key) override;
    [[nodiscard]] bool contains(RegistrationKey key) const override;
    bool requeue(RegistrationKey key) override;
    void stop() noexcept override;

    /// One turn: waits until something is ready, then dispatches every reported event.
    ///
    /// Returns:        how many handlers ran. May be 0: a wake-up, or only events of subscribers
    ///                 that were removed meanwhile.
    /// Errors:         interrupted: a signal came first (SIGSTOP and SIGCONT too); nothing ran.
    ///                 device_or_resource_busy: the reactor is busy [run.reentrant].
    ///                 operation_canceled: it was released.
    /// Throws:         what a handler throws. The reactor stays usable: the rest of the batch is
    ///                 kept and is dispatched by the next turn, which does not wait, so that no
    ///                 event is lost, edge-triggered and one-shot ones included. The handler that
    ///                 threw counts as called. [dispatch.throws]
    ///                 std::bad_alloc when requeue() has kept more than was ever kept; nothing ran.
    /// Not promised:   the order of the events of a turn; it is the kernel's.
    [[nodiscard]] Result<std::size_t> run_once();

    /// The same, waiting no longer than `timeout`: zero polls. Any chrono duration is taken; it is
    /// rounded up to nanoseconds (milliseconds where epoll_pwait2(2) is missing) and durations too
    /// long for that wait for ever. [run.timeout]
    ///
    /// Returns:        0 when the time ran out.
    /// Errors:         invalid_argument: a negative timeout. Otherwise those of run_once().
    template <typename Rep, typename Period>
    [[nodiscard]] Result<std::size_t> run_once(std::chrono::duration<Rep, Period> timeout) {
        return run_once_for(saturated(timeout));
    }

    /// Turns until stop(), or an error that is not "interrupted". [run.stop]
    [[nodiscard]] Result<> run();

    /// Turns until stop() or a request through `token`, which may come from any thread and wakes
    /// a wait at once. [run.token]
    [[nodiscard]] Result<> run(std::stop_token token);

    /// Turns until `duration` is over or stop(). Interrupted waits go on with what is left.
    /// Errors:         invalid_argument: negative. Otherwise those of run(). [run.deadline]
    template <typename Rep, typename Period>
    [[nodiscard]] Result<> run_for(std::chrono::duration<Rep, Period> duration) {
        return run_until_over(saturated(duration));
    }

    /// The subscriber under `key` when it is an S; null otherwise, and for the one whose handler
    /// is running. S may also be the descriptor object that the builder was given, or the type it
    /// points at unless that is const. Valid until the subscriber is removed. [find]
    template <typename S>
    [[nodiscard]] S* find(RegistrationKey key) {
        return static_cast<S*>(find_value(key, &detail::type_key<std::remove_cv_t<S>>));
    }

    /// Ends the reactor and gives its subscribers back, alive. The kernel's set is closed;
    /// afterwards add() and run_once() answer operation_canceled. [reactor.close_and_extract]
    ///
    /// Errors:         device_or_resource_busy: the reactor is busy; nothing changed.
    /// Throws:         std::bad_alloc; nothing changed.
    [[nodiscard]] Result<std::vector<AnySubscriber>> close_and_extract();

    /// A descriptor that is readable whenever run_once() has something to do, to embed the reactor
    /// in another loop: when it is, call `run_once(0ms)`. It stays the same and valid for the life
    /// of the reactor, through rebuilds and kept events. Do not close it. [reactor.fd]
    ///
    /// Errors:         those of epoll_create1(2) and epoll_ctl(2), at the first call only.
    [[nodiscard]] Result<BorrowedFd> fd();

    [[nodiscard]] Stats stats() const noexcept;

    /// Makes a forked child's copy of the reactor its own. Until then every operation and every
    /// turn in the child answers no_child_process (the ones that return bool, false; extract(), an
    /// empty one), a batch that was being dispatched ends with the handler that forked, and
    /// destroying the copy touches nothing of the parent's. [fork.guard]
    ///
    /// Effects:        [fork.reinit] the child gets a set, a wake-up and a fd() of its own.
    ///                 Subscribers whose type has after_fork(ReactorOps&) stay registered under
    ///                 their names, all others are destroyed; events, tasks and stop requests of
    ///                 the parent are forgotten. In the parent: nothing.
    /// Errors:         device_or_resource_busy: the handler that forked has not returned, or
    ///                 another thread forked while one was running: then it never will.
    ///                 Otherwise those of create(); the copy stays what it was.
    /// Throws:         what after_fork() throws: the child's reactor works then, with the
    ///                 subscribers that were registered anew before, and the others are destroyed.
    ///                 std::bad_alloc: likewise, or the copy stays what it was.
    /// Not promised:   that vfork() or clone() with CLONE_VM is noticed, nor any fork before
    ///                 Linux 4.14.
    [[nodiscard]] Result<> reinit_after_fork();

private:
    struct State;
    class Made;
    friend class RemoteEndpoint;
    friend void detail::drop_event(detail::Slot*, std::uint32_t, ReactorOps*);

public:
    /// For create(): nobody else can make the argument.
    explicit Reactor(Made made) noexcept;

private:
    /// Negative stays negative, however little.
    template <typename Rep, typename Period>
    static constexpr std::chrono::nanoseconds saturated(
        std::chrono::duration<Rep, Period> duration) noexcept {
        using Duration = std::chrono::duration<Rep, Period>;
        return std::chrono::nanoseconds{
            duration < Duration::zero() ? -1 : detail::saturated_ns(duration)};
    }

    [[nodiscard]] static Result<std::unique_ptr<State>> make_state(const Options& options);
    [[nodiscard]] Result<std::size_t> run_once_for(std::chrono::nanoseconds timeout);
    [[nodiscard]] Result<> run_until_over(std::chrono::nanoseconds duration);
    [[nodiscard]] void* find_value(RegistrationKey key, const void* type_key);

    std::unique_ptr<State> state_;
};

}  // namespace eventp
