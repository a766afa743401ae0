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

/// CLOCK_BOOTTIME: as std::chrono::steady_clock, but it also runs while the system is suspended.
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
/// The timers are owned together by this object and by a subscriber in the reactor. Either may be
/// destroyed first, also in the handler of a timer; a handler that is running is destroyed when it
/// has returned. After this object was destroyed no handler is called, and the subscriber is
/// removed in the next turn of the reactor. After the subscriber was destroyed (it was removed, or
/// the reactor was destroyed) the handlers are destroyed, and arming a timer fails with
/// broken_pipe. [timer.lifetime]
///
/// A handler is any callable that takes any subset, in any order, each at most once, of TimerId
/// (its own), Expirations and ReactorOps&, and returns void; it may be move-only. Any other
/// parameter does not compile, with an error of one sentence [timer.parameters]. A null pointer and
/// an empty std::function or std::move_only_function are refused with invalid_argument
/// [timer.null]. A handler of up to four words is stored without an allocation [timer.small]. It is
/// destroyed after its last call, or when it is cancelled.
///
/// Handlers run in the order of their deadlines [timer.order], and those with equal deadlines in
/// the order in which they were armed; reschedule() and each tick of every() arm a timer again
/// [timer.fifo]. No handler runs before its deadline [timer.never_early]. At most
/// `expired_per_turn` handlers run in a turn and the others in the next turns, so that timers
/// cannot starve descriptors [timer.bounded]. What a handler arms or reschedules runs in a later
/// turn. If a handler throws, the exception leaves run_once() as that of any handler does; the
/// handler counts as called, and the other timers run in the next turn [timer.throws].
///
/// Memory for the largest number of timers that were armed at a time is kept until the Timers
/// object is destroyed, 100 to 136 bytes for each; arming another timer does not allocate then.
/// Deadlines are nanoseconds of the clock; a deadline that is too far away for that is never
/// reached. After the timer with the earliest deadline was cancelled, a wait may still end at that
/// deadline, without a handler to call.
///
/// In a forked child, even if a handler or its constructor or destructor forked, no handler is
/// called and the timerfd, which is the parent's, is not set. Arming fails with no_child_process,
/// and the other functions return false, until Reactor::reinit_after_fork() keeps the timers and
/// makes a timerfd for the child. A subscriber that was in no reactor when the process forked is
/// removed from a reactor of the child at its next turn. [timer.fork]
///
/// Not promised:   the order of two timers with equal deadlines if the process armed 2^31 or more
///                 timers between them.
/// Thread safety:  thread-bound, with the reactor.
/// Movable; for a moved-from and a default-constructed Timers, arming fails with broken_pipe and
/// the other functions return false. [timer.empty]
class EVENTP_API Timers {
public:
    enum class Clock : std::uint8_t {
        monotonic,  // CLOCK_MONOTONIC, std::chrono::steady_clock: stops in suspend
        boottime,   // CLOCK_BOOTTIME, BootClock
    };

    /// The largest number of handlers that run in one turn.
    static constexpr std::size_t expired_per_turn = 128;

    /// Errors:         too_many_files_open, too_many_files_open_in_system, not_enough_memory:
    ///                 timerfd_create(2). Those of ReactorOps::add().
    /// Throws:         std::bad_alloc; nothing changed.
    /// [timer.create]
    [[nodiscard]] static Result<Timers> create(ReactorOps& reactor, Clock clock = Clock::monotonic);

    /// Like a moved-from one: a member that create() is assigned to.
    Timers() noexcept : state_{nullptr} {}
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

    /// Calls `handler` once, after `delay`; if that is zero or negative, in the next turn.
    /// [timer.after]
    ///
    /// Errors:         nothing changed, and `handler` was not moved from.
    ///                 invalid_argument: the handler is null.
    ///                 broken_pipe: the subscriber was destroyed, or this object is moved from or
    ///                 default-constructed.
    ///                 no_child_process: called in a forked child.
    /// Throws:         std::bad_alloc, and what the handler's constructor throws; nothing changed.
    /// Complexity:     O(1). One system call if no armed timer has an earlier or the same deadline;
    ///                 none in the handler of a timer. [timer.lazy]
    template <typename Rep, typename Period, typename F>
    [[nodiscard]] Result<TimerId> after(std::chrono::duration<Rep, Period> delay, F&& handler) {
        return arm(from_now(delay), 0, std::forward<F>(handler));
    }
    /// The same for a member function of `object`, as with_handler<Function>(object) takes it
    /// (handler.hpp). The timer is cancelled when it expires and the object of a std::weak_ptr has
    /// been destroyed. at() and every() have this form, too. [timer.member]
    template <auto Function, typename Rep, typename Period, typename Object>
    [[nodiscard]] Result<TimerId> after(std::chrono::duration<Rep, Period> delay, Object&& object) {
        return after(delay, detail::make_member_handler<Function>(std::forward<Object>(object)));
    }

    /// Calls `handler` once, at `deadline`; if that has passed, in the next turn. Does not read the
    /// clock, as after() does. [timer.at]
    ///
    /// Errors:         invalid_argument: a time of another clock than create() was given.
    ///                 Otherwise those of after().
    template <typename TimeClock, typename Duration, typename F>
    [[nodiscard]] Result<TimerId> at(std::chrono::time_point<TimeClock, Duration> deadline,
                                     F&& handler) {
        return arm(on_clock(deadline), 0, std::forward<F>(handler));
    }
    template <auto Function, typename TimeClock, typename Duration, typename Object>
    [[nodiscard]] Result<TimerId> at(std::chrono::time_point<TimeClock, Duration> deadline,
                                     Object&& object) {
        return at(deadline, detail::make_member_handler<Function>(std::forward<Object>(object)));
    }

    /// Calls `handler` every `period`, for the first time after one period. [timer.every]
    ///
    /// The ticks are whole periods from the call of every(), however late the handler runs: there
    /// is no drift. Ticks that were missed are not replayed: the handler is called once, with their
    /// number as Expirations.
    /// Errors:         invalid_argument: the period is not positive.
    ///                 Otherwise those of after().
    template <typename Rep, typename Period, typename F>
    [[nodiscard]] Result<TimerId> every(std::chrono::duration<Rep, Period> period, F&& handler) {
        const Deadline first = from_now(period);
        if (first.ns <= 0) {
            return detail::error(std::errc::invalid_argument);
        }
        return arm(first, first.ns, std::forward<F>(handler));
    }
    template <auto Function, typename Rep, typename Period, typename Object>
    [[nodiscard]] Result<TimerId> every(std::chrono::duration<Rep, Period> period,
                                        Object&& object) {
        return every(period, detail::make_member_handler<Function>(std::forward<Object>(object)));
    }

    /// Disarms a timer and destroys its handler; a handler that is running is destroyed when it has
    /// returned. May be called in the handler of any timer, its own included. Makes no system call.
    /// [timer.cancel]
    ///
    /// Returns:        false if no timer with this id is armed: it was cancelled, or it was armed
    ///                 by after() or at() and its handler was called, or is running and has not
    ///                 rescheduled it.
    bool cancel(TimerId id) noexcept;

    /// Changes the deadline of a timer to that of after() or at(), and keeps its handler. A timer
    /// of every() then ticks every period from the new deadline. In its own handler, arms a timer
    /// of after() or at() again. [timer.reschedule]
    ///
    /// Returns:        false, and nothing changed, if there is no timer with this id, or if the
    ///                 time is of another clock than create() was given.
    template <typename Rep, typename Period>
    bool reschedule(TimerId id, std::chrono::duration<Rep, Period> delay) noexcept {
        return reschedule_to(id, from_now(delay));
    }
    template <typename TimeClock, typename Duration>
    bool reschedule(TimerId id, std::chrono::time_point<TimeClock, Duration> deadline) noexcept {
        return reschedule_to(id, on_clock(deadline));
    }

    /// The number of armed timers. One of after() or at() does not count while its handler runs.
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
                      "eventp: a deadline must be a time of std::chrono::steady_clock or "
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
    /// Not inline: otherwise GCC builds the two kinds of result in the same code, member by member.
    [[nodiscard]] static Result<TimerId> arm_error(std::errc why) noexcept;
    /// A Result<TimerId> that is returned in registers.
    struct ArmResult {
        TimerId id;
        std::errc error{};
    };
    /// For handlers whose construction runs user code.
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
