// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include <eventp/detail/duration.hpp>
#include <eventp/detail/timer_handler.hpp>
#include <eventp/handler.hpp>
#include <eventp/reactor_ops.hpp>
#include <eventp/result.hpp>
#include <eventp/timer_id.hpp>

namespace eventp::inline EVENTP_ABI_NAMESPACE {

/// CLOCK_BOOTTIME: as std::chrono::steady_clock, but it goes on while the system is suspended.
struct BootClock {
    using duration = std::chrono::nanoseconds;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<BootClock>;
    static constexpr bool is_steady = true;

    EVENTP_API static time_point now() noexcept;
};

/// Any number of timers on one timerfd(2), in one reactor.
///
///     auto timers = Timers::create(reactor).value();
///     timers.after(5s, [&](ReactorOps& ops) { ops.remove(connection); }).value();
///
/// An ordinary subscriber of the reactor owns the timers together with this object. Either may go
/// first: without this object no handler is called any more, and the subscriber leaves the reactor
/// at its next turn; without the subscriber (removed, or the reactor is gone) the handlers are
/// destroyed and arming answers broken_pipe. Both are safe inside a timer's handler; the handler
/// that runs is destroyed when it returns. [timer.lifetime]
///
/// A handler is any callable that takes any subset, in any order, each at most once, of TimerId
/// (its own), Expirations and ReactorOps&, and returns nothing; move-only ones too. Anything else
/// in its signature is refused with one sentence [timer.parameters]. A null pointer and an empty
/// std::function or std::move_only_function are refused with invalid_argument [timer.null]. Up to
/// four words, it is
/// stored without an allocation [timer.small]. It is destroyed after its last call, or when it is
/// cancelled.
///
/// Handlers run in the order of their deadlines [timer.order], and those with equal deadlines in
/// the order in which they were armed: reschedule() and each tick of every() arm a timer again
/// [timer.fifo]. No handler runs before its deadline [timer.never_early], at most
/// `expired_per_turn` in a turn and the others in the next, so that a storm of timers does not
/// starve descriptors [timer.bounded]. What a handler arms or reschedules runs in a later turn. A
/// handler that throws leaves run_once() like any handler's exception; it counts as called, and the
/// other timers run in the next turn [timer.throws].
///
/// The memory of as many timers as were ever armed at once is kept until the end, 64 bytes and
/// some for each; a new timer needs none then.
/// Deadlines are nanoseconds of the clock; durations that are too long for that are for ever. A
/// wait that ends at the deadline of a cancelled timer is possible, and harmless.
/// In a forked child, also one that a handler or its constructor or destructor forked, no handler
/// is called and the timerfd, which is the parent's, is not set. Arming fails with no_child_process
/// and the other functions return false, until Reactor::reinit_after_fork() keeps the timers and
/// makes a timerfd for the child. A subscriber that was in no reactor when the process forked
/// leaves a reactor of the child at its next turn. [timer.fork] Not promised:   the order of two
/// timers with equal deadlines if the process armed 2^31 or more
///                 between them.
/// Thread safety:  thread-bound, with the reactor.
/// Movable; a moved-from Timers answers broken_pipe and false.
class EVENTP_API Timers {
public:
    enum class Clock : std::uint8_t {
        monotonic,  // CLOCK_MONOTONIC, std::chrono::steady_clock: stands still in suspend
        boottime,   // CLOCK_BOOTTIME, BootClock
    };

    /// The most handlers that run in one turn.
    static constexpr std::size_t expired_per_turn = 128;

    /// Errors:         too_many_files_open, too_many_files_open_in_system, not_enough_memory:
    ///                 timerfd_create(2). Those of ReactorOps::add().
    /// Throws:         std::bad_alloc; nothing changed.
    /// [timer.create]
    [[nodiscard]] static Result<Timers> create(ReactorOps& reactor, Clock clock = Clock::monotonic);

    Timers(Timers&& other) noexcept : state_{std::exchange(other.state_, nullptr)} {}
    Timers& operator=(Timers&& other) noexcept {
        if (this != &other) {
            close();
            state_ = std::exchange(other.state_, nullptr);
        }
        return *this;
    }
    Timers(const Timers&) = delete;
    Timers& operator=(const Timers&) = delete;
    ~Timers() { close(); }

    /// Calls `handler` once, when `delay` is over; zero or less: in the next turn. [timer.after]
    ///
    /// Errors:         invalid_argument: the handler is null. broken_pipe: the subscriber is gone.
    ///                 no_child_process: in a forked child.
    ///                 Nothing changed, and `handler` was not moved from.
    /// Throws:         std::bad_alloc, and what the handler's constructor throws; likewise.
    /// Complexity:     O(1). A system call only when no timer was to expire as early, and outside
    ///                 timers' handlers. [timer.lazy]
    template <typename Rep, typename Period, typename F>
    [[nodiscard]] Result<TimerId> after(std::chrono::duration<Rep, Period> delay, F&& handler) {
        return arm(from_now(delay), 0, std::forward<F>(handler));
    }

    /// Calls `handler` once, at `deadline`; in the next turn when that is past. Spares the reading
    /// of the clock that after() needs. [timer.at]
    ///
    /// Errors:         invalid_argument: a time of another clock than create() was given. Those
    ///                 of after().
    template <typename TimeClock, typename Duration, typename F>
    [[nodiscard]] Result<TimerId> at(std::chrono::time_point<TimeClock, Duration> deadline,
                                     F&& handler) {
        return arm(on_clock(deadline), 0, std::forward<F>(handler));
    }

    /// Calls `handler` every `period`, first when one is over. [timer.every]
    ///
    /// The ticks are whole periods from the begin, however late the handler runs: no drift. Ticks
    /// that are past when it runs are counted and given to it as Expirations, not replayed.
    /// Errors:         invalid_argument: the period is not positive. Those of after().
    template <typename Rep, typename Period, typename F>
    [[nodiscard]] Result<TimerId> every(std::chrono::duration<Rep, Period> period, F&& handler) {
        const Deadline first = from_now(period);
        if (first.ns <= 0) {
            return detail::error(std::errc::invalid_argument);
        }
        return arm(first, first.ns, std::forward<F>(handler));
    }

    /// Ends a timer and destroys its handler, or has it destroyed when it returns. Also from any
    /// timer's handler, its own included. No system call. [timer.cancel]
    ///
    /// Returns:        false when `id` names no timer: it was cancelled, or fired once and is over.
    ///                 In its own handler a timer of after() or at() is over, unless rescheduled.
    bool cancel(TimerId id) noexcept;

    /// Gives a timer another deadline, as after() and at() would, and keeps its handler; one of
    /// every() ticks on from there. In its own handler a timer of after() or at() is armed again
    /// by it. [timer.reschedule]
    ///
    /// Returns:        false, and nothing changed, when `id` names no timer, or the time is one of
    ///                 another clock.
    template <typename Rep, typename Period>
    bool reschedule(TimerId id, std::chrono::duration<Rep, Period> delay) noexcept {
        return reschedule_to(id, from_now(delay));
    }
    template <typename TimeClock, typename Duration>
    bool reschedule(TimerId id, std::chrono::time_point<TimeClock, Duration> deadline) noexcept {
        return reschedule_to(id, on_clock(deadline));
    }

    /// How many timers are armed. A timer of after() or at() is not while its handler runs.
    [[nodiscard]] std::size_t size() const noexcept;

private:
    struct State;
    class Subscriber;

    explicit Timers(State* state) noexcept : state_{state} {}

    /// A time of one clock, or one that counts from the call.
    struct Deadline {
        enum class Base : std::uint8_t { monotonic, boottime, now };  // a Clock, or `now`
        std::int64_t ns;
        Base base;
    };
    template <typename Rep, typename Period>
    static constexpr Deadline from_now(std::chrono::duration<Rep, Period> delay) noexcept {
        return {.ns = detail::saturated_ns(delay), .base = Deadline::Base::now};
    }
    template <typename TimeClock, typename Duration>
    static constexpr Deadline on_clock(
        std::chrono::time_point<TimeClock, Duration> deadline) noexcept {
        constexpr bool is_boot = std::same_as<TimeClock, BootClock>;
        static_assert(std::same_as<TimeClock, std::chrono::steady_clock> || is_boot,
                      "eventp: a deadline is a time of std::chrono::steady_clock or "
                      "eventp::BootClock");
        return {.ns = detail::saturated_ns(deadline.time_since_epoch()),
                .base = is_boot ? Deadline::Base::boottime : Deadline::Base::monotonic};
    }

    template <typename F>
    [[nodiscard]] Result<TimerId> arm(Deadline first, std::int64_t period_ns, F&& handler) {
        using Handler = std::decay_t<F>;
        static_assert(std::is_nothrow_destructible_v<Handler>,
                      "eventp: the destructor of a timer's handler must be noexcept");
        static_assert(std::is_constructible_v<Handler, F>,
                      "eventp: a timer's handler is copied or moved: pass a move-only one with "
                      "std::move()");
        if (detail::is_null_handler(handler)) {
            return arm_error(std::errc::invalid_argument);
        }
        const auto make = [&](detail::TimerHandler& at) { at.emplace(std::forward<F>(handler)); };
        const detail::TimerHandlerMaker maker{make};
        const ArmResult armed = detail::TimerHandler::is_plain<F>
                                    ? arm_plain(first, period_ns, maker)
                                    : arm_checked(first, period_ns, maker);
        if (armed.error != std::errc{}) [[unlikely]] {
            return arm_error(armed.error);
        }
        return armed.id;
    }
    /// Not inline: GCC would mix the making of both kinds of result, one half at a time.
    [[nodiscard]] static Result<TimerId> arm_error(std::errc why) noexcept;
    /// A Result<TimerId> that is returned in registers.
    struct ArmResult {
        TimerId id;
        std::errc error{};
    };
    /// For handlers whose construction runs code of the user.
    [[nodiscard]] ArmResult arm_checked(Deadline first, std::int64_t period_ns,
                                        detail::TimerHandlerMaker make);
    /// For all other handlers.
    [[nodiscard]] ArmResult arm_plain(Deadline first, std::int64_t period_ns,
                                      detail::TimerHandlerMaker make);
    [[nodiscard]] bool reschedule_to(TimerId id, Deadline when) noexcept;
    void close() noexcept;

    State* state_;
};

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE
