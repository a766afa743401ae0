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
#include <eventp/detail/slot.hpp>
#include <eventp/fd.hpp>
#include <eventp/reactor_ops.hpp>
#include <eventp/result.hpp>

namespace eventp::inline EVENTP_ABI_NAMESPACE {

/// Dispatches each readiness event to its subscriber at the cost of one indirect call, and owns the
/// subscribers.
///
/// Neither copyable nor movable: the kernel holds addresses that lead back here. The operations
/// that handlers may use are documented in ReactorOps.
///
/// A reactor belongs to one thread at a time; between runs it may be handed to another thread like
/// any object. Other threads use a std::stop_token or a RemoteEndpoint. A signal handler may not
/// use anything of it.
/// Every member function and the destructor terminate with a message if another thread is running
/// the reactor. [reactor.thread]
/// Destroying it while one of its handlers is on the stack (also by exit() in a handler) terminates
/// with a message. The destructor destroys the subscribers one by one; if the destructor of one of
/// them uses the reactor, add() fails with operation_canceled and remove() works. [reactor.destroy]
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

    /// Throws std::system_error with the errors of create(), and std::bad_alloc. Without exceptions
    /// it terminates instead.
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
    void destroy_removed() override;
    [[nodiscard]] AnySubscriber extract(RegistrationKey key) override;
    [[nodiscard]] bool contains(RegistrationKey key) const override;
    [[nodiscard]] Interest interest_of(RegistrationKey key) const override;
    [[nodiscard]] std::size_t size() const noexcept override;
    bool requeue(RegistrationKey key) override;
    bool feed_event(RegistrationKey key, Event event) override;
    void stop() noexcept override;

    /// One turn: waits until something is ready, then dispatches every reported event.
    ///
    /// Returns:        the number of handlers that were called. It can be 0: after a wake-up, or
    ///                 if all events were of subscribers that have been removed.
    /// Errors:         interrupted: a signal handler ran first, or the process was stopped and
    ///                 continued; no handler was called.
    ///                 device_or_resource_busy: called from a handler, or from fd(), after_fork()
    ///                 or the destructor of a subscriber [run.reentrant].
    ///                 operation_canceled: the reactor is closed.
    ///                 no_child_process: this is a forked child.
    /// Throws:         what a handler throws. The reactor stays usable: the rest of the batch is
    ///                 dispatched by the next turn, which does not wait, so that no event is lost,
    ///                 edge-triggered and one-shot ones included. The handler that threw counts as
    ///                 called. [dispatch.throws]
    ///                 std::bad_alloc if there is no memory for the events that requeue() has
    ///                 queued; no handler was called.
    /// Not promised:   the order of the events in a turn; it is the kernel's.
    [[nodiscard]] Result<std::size_t> run_once();

    /// The same, but waits no longer than `timeout`; zero polls. Any chrono duration is accepted:
    /// it is rounded up to nanoseconds (milliseconds where epoll_pwait2(2) is missing), and one
    /// that is too long for them means no timeout. [run.timeout]
    ///
    /// Returns:        0 if the time has passed.
    /// Errors:         invalid_argument: a negative timeout. Otherwise those of run_once().
    template <typename Rep, typename Period>
    [[nodiscard]] Result<std::size_t> run_once(std::chrono::duration<Rep, Period> timeout) {
        return run_once_ns(saturated_ns(timeout));
    }

    /// Makes turns until stop(), or until an error other than "interrupted". [run.stop]
    [[nodiscard]] Result<> run();

    /// Makes turns until stop() or until a stop is requested through `token`, from any thread: that
    /// wakes a wait at once. In a forked child a request has no effect on the parent. [run.token]
    [[nodiscard]] Result<> run(std::stop_token token);

    /// Makes turns until `duration` has passed or until stop(). An interrupted wait continues with
    /// the time that is left.
    /// Errors:         invalid_argument: negative. Otherwise those of run(). [run.deadline]
    template <typename Rep, typename Period>
    [[nodiscard]] Result<> run_for(std::chrono::duration<Rep, Period> duration) {
        return run_for_ns(saturated_ns(duration));
    }

    /// Closes the reactor and returns its subscribers, alive. Afterwards add(), modify() and the
    /// runs fail with operation_canceled, and RemoteEndpoints with broken_pipe.
    /// [reactor.close_and_extract]
    ///
    /// Errors:         device_or_resource_busy: called from user code of a subscriber; nothing has
    ///                 changed.
    /// Throws:         std::bad_alloc; nothing has changed.
    [[nodiscard]] Result<std::vector<AnySubscriber>> close_and_extract();

    /// A descriptor that is readable whenever run_once() has something to do. Use it to embed the
    /// reactor in another loop: when it is readable, call `run_once(0ms)`. It stays the same and
    /// valid for the life of the reactor. Do not close it. [reactor.fd]
    ///
    /// Errors:         those of epoll_create1(2) and epoll_ctl(2), at the first call only.
    [[nodiscard]] Result<BorrowedFd> fd();

    /// Thread safety:  thread-bound, as all operations. In a forked child it may be called.
    [[nodiscard]] Stats stats() const noexcept;

    /// Makes a forked child's copy of the reactor usable. Until then every operation fails in the
    /// child, a batch that was being dispatched ends with the handler that forked, and destroying
    /// the copy changes nothing of the parent's. [fork.guard]
    ///
    /// Effects:        [fork.reinit] The child gets an epoll instance, an eventfd and a fd() of its
    ///                 own. Subscribers whose type has after_fork(ReactorOps&) stay registered
    ///                 under their ids if fd() returns the same descriptor afterwards (use dup3(2)
    ///                 to replace the file); all others are destroyed. Events, posted closures and
    ///                 stop requests of the parent are dropped. A closed reactor stays closed. In
    ///                 the parent it does nothing.
    /// Errors:         device_or_resource_busy: the user code that forked has not returned, or
    ///                 another thread forked while user code was running: then it never will.
    ///                 Otherwise those of create(); the copy is what it was.
    /// Throws:         what after_fork() and fd() throw: then the child's reactor works, with the
    ///                 subscribers that were kept before, and the others are destroyed.
    ///                 std::bad_alloc: likewise, or the copy is what it was.
    /// Not promised:   that a child of vfork() or of clone() with CLONE_VM is detected. If the
    ///                 kernel refuses MADV_WIPEONFORK (before Linux 4.14), a child of a raw clone()
    ///                 is not detected either, but one of fork() is.
    [[nodiscard]] Result<> reinit_after_fork();

private:
    struct State;
    class Made;
    friend class RemoteEndpoint;
    friend void detail::drop_event(detail::Slot*, std::uint32_t, ReactorOps*);

public:
    /// Only a Reactor can make the argument.
    explicit Reactor(Made made) noexcept;

private:
    /// A negative duration stays negative, however short it is.
    template <typename Rep, typename Period>
    static constexpr std::int64_t saturated_ns(
        std::chrono::duration<Rep, Period> duration) noexcept {
        return duration < duration.zero() ? -1 : detail::saturated_ns(duration);
    }

    [[nodiscard]] static Result<std::unique_ptr<State>> make_state(const Options& options);
    [[nodiscard]] Result<std::size_t> run_once_ns(std::int64_t timeout);
    [[nodiscard]] Result<> run_for_ns(std::int64_t duration);
    [[nodiscard]] void* find_value(RegistrationKey key, const void* type_key) override;

    std::unique_ptr<State> state_;
};

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE
