// SPDX-License-Identifier: MIT
//
// Creating and destroying Timers; arming, rescheduling and cancelling timers.
#include <eventp/timer.hpp>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <ctime>
#include <utility>

#include <eventp/detail/contract.hpp>

#include "base/assert.hpp"
#include "sys/syscall.hpp"
#include "sys/timerfd.hpp"
#include "timers/timer_state.hpp"

namespace eventp::inline EVENTP_ABI_NAMESPACE {

using detail::TimerHandlerMaker;
using detail::TimerQueue;

namespace {

// Shared by all Timers of the process, so that no two of them return the same TimerId.
// NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables)
constinit std::atomic<std::uint32_t> last_arming{0};

/// The deadline `delay` after `now`. A negative delay counts as zero.
constexpr std::int64_t deadline_after(std::int64_t now, std::int64_t delay) noexcept {
    std::int64_t sum = 0;
    return __builtin_add_overflow(now, std::max(delay, std::int64_t{0}), &sum) ? TimerQueue::never
                                                                               : sum;
}

}  // namespace

BootClock::time_point BootClock::now() noexcept {
    return time_point{duration{sys::clock_now(CLOCK_BOOTTIME)}};
}

// --- creating and destroying --------------------------------------------------------------------

/// Registered with the reactor. Owns the State together with the Timers object.
class Timers::Subscriber {
public:
    explicit Subscriber(State& state) noexcept : state_{state} {}
    Subscriber(const Subscriber&) = delete;
    Subscriber& operator=(const Subscriber&) = delete;
    ~Subscriber() {
        state_.subscribed = false;
        state_.gate = &State::no_reactor;
        state_.drop_all();
        state_.release();
    }

    [[nodiscard]] int fd() const noexcept {
        state_.gate = &State::no_reactor;
        return state_.fd.fd();
    }
    [[nodiscard]] static Interest interest() noexcept { return Interest{}.read(); }
    void handle(RegistrationId self, ReactorOps& reactor) {
        state_.enter(reactor.gate_);
        state_.expire(self, reactor);
    }
    void after_fork(ReactorOps& /*reactor*/) noexcept { state_.after_fork(); }

private:
    State& state_;
};

Result<Timers> Timers::create(ReactorOps& reactor, Clock clock) {
    if (const int answer = detail::prepare_fork_detection(); answer < 0) {
        return sys::error(answer);
    }
    auto state = std::make_unique<State>(clock);
    if (const int answer = state->open(); answer < 0) {
        return sys::error(answer);
    }
    AnySubscriber subscriber = AnySubscriber::make<Subscriber>(*state);
    Timers timers{state.release()};  // from here on `subscriber` and `timers` own the state
    if (const auto added = reactor.add(subscriber); !added) {
        return std::unexpected{added.error()};
    }
    timers.state_->enter(reactor.gate_);
    return timers;
}

void Timers::close() noexcept {
    State* const closed =
        std::exchange(state_, nullptr);  // first: destructors of handlers call back
    if (closed == nullptr) {
        return;
    }
    State& state = *closed;
    state.expect_this_thread();
    state.closed = true;
    state.drop_all();
    // The subscriber removes itself in its next turn. It is not removed here, because a reference
    // to the reactor may be outdated: the subscriber may be in another reactor by now, or in none.
    if (state.subscribed) {
        static_cast<void>(state.ensure_wakeup_by(State::expired));
    }
    state.release();
}

void Timers::State::drop(std::uint32_t index) noexcept {
    Node& timer = node(index);
    static_cast<void>(queue.erase(index));
    timer.generation = 0;
    if (index != running) {
        end(index, timer);
    }
}

void Timers::State::drop_all() noexcept {
    // Destructors of handlers may call back. Nothing can be armed any more, so the loop ends.
    for (std::uint32_t index = 0; index < pages.size() * page_size; ++index) {
        if (node(index).generation != 0) {
            drop(index);
        }
    }
}

constinit const detail::WipedCell Timers::State::no_reactor{.user = detail::UserGate::idle};

Timers::State::State(Clock with_clock) noexcept : armings{last_arming}, clock{with_clock} {}

// --- arming -------------------------------------------------------------------------------------

int Timers::State::open() noexcept {
    const int timerfd = sys::timerfd(kernel_clock());
    if (timerfd >= 0) {
        fd.reset(timerfd);
    }
    return timerfd;
}

std::int64_t Timers::State::now() const noexcept {
    return sys::clock_now(kernel_clock());
}

void Timers::State::grow() {
    const std::size_t first = pages.size() * page_size;
    detail::expects(first + page_size <= TimerQueue::timers_max,
                    "a Timers holds no more than 2^31 timers");
    auto page = std::make_unique<Page>();
    queue.reserve(first + page_size);
    pages.push_back(std::move(page));
    for (std::size_t offset = page_size; offset-- > 0;) {
        (*pages.back())[offset].next_free =
            std::exchange(first_free, static_cast<std::uint32_t>(first + offset));
    }
}

int Timers::State::set_kernel_timer(std::int64_t deadline) noexcept {
    // Asked here, after whatever user code has run: it may have forked, and the timerfd of a child
    // is its parent's until after_fork().
    if (in_child()) {
        return -ECHILD;
    }
    // Kernel: zero disarms the timer; a time in the past makes it expire at once.
    const int answer = sys::timerfd_set(
        fd.fd(), deadline == TimerQueue::never ? 0 : std::max(deadline, std::int64_t{1}));
    if (answer == 0) {
        kernel_deadline = deadline;
    }
    return answer;
}

/// A node taken from the free list. Unless keep() is called its handler is destroyed and it is
/// returned to the list.
class Timers::State::NodeLease {
public:
    explicit NodeLease(State& state) noexcept
        : state_{state}, index_{state.first_free}, node_{&state.node(index_)} {
        state.first_free = node_->next_free;
    }
    NodeLease(const NodeLease&) = delete;
    NodeLease& operator=(const NodeLease&) = delete;
    ~NodeLease() {
        if (node_ != nullptr) {
            state_.end(index_, *node_);
        }
    }

    [[nodiscard]] std::uint32_t index() const noexcept { return index_; }
    [[nodiscard]] Node& node() noexcept { return *node_; }
    Node& keep() noexcept { return *std::exchange(node_, nullptr); }

private:
    State& state_;
    std::uint32_t index_;
    Node* node_;
};

bool Timers::State::deadline_of(Deadline when, std::int64_t& deadline) const noexcept {
    if (when.base == Deadline::Base::now) {
        deadline = deadline_after(now(), when.ns);
        return true;
    }
    deadline = when.ns;
    return static_cast<std::uint8_t>(when.base) == static_cast<std::uint8_t>(clock);
}

template <bool RunsUserCode>
Timers::ArmResult Timers::State::arm(Deadline first, std::int64_t period_ns,
                                     TimerHandlerMaker make) {
    if (const std::errc why = refusal(); why != std::errc{}) [[unlikely]] {
        return {.id = {}, .error = why};
    }
    std::int64_t deadline = 0;
    if (!deadline_of(first, deadline)) [[unlikely]] {
        return {.id = {}, .error = std::errc::invalid_argument};
    }
    if (first_free == no_index) [[unlikely]] {
        grow();
    }
    if (const int answer = ensure_wakeup_by(deadline); answer < 0) [[unlikely]] {
        return {.id = {}, .error = static_cast<std::errc>(-answer)};
    }
    NodeLease lease{*this};
    make(lease.node().handler);
    if constexpr (RunsUserCode) {
        // It may have forked, destroyed the Timers or run the reactor, so all is checked again.
        if (const std::errc why = refusal(); why != std::errc{}) {
            return {.id = {}, .error = why};
        }
        if (const int answer = ensure_wakeup_by(deadline); answer < 0) {
            return {.id = {}, .error = static_cast<std::errc>(-answer)};
        }
    }
    Node& timer = lease.keep();
    timer.deadline = deadline;
    timer.period = period_ns;
    const TimerId id{lease.index(), armings.next()};
    timer.generation = id.generation();
    queue.insert(lease.index(), deadline, id.generation());
    EVENTP_ASSERT(kernel_deadline <= queue.earliest());
    return {.id = id, .error = {}};
}

Timers::ArmResult Timers::arm_plain(Deadline first, std::int64_t period_ns,
                                    TimerHandlerMaker make) {
    if (state_ == nullptr) [[unlikely]] {
        return {.id = {}, .error = std::errc::broken_pipe};
    }
    return state_->arm</*RunsUserCode=*/false>(first, period_ns, make);
}

Timers::ArmResult Timers::arm_checked(Deadline first, std::int64_t period_ns,
                                      TimerHandlerMaker make) {
    if (state_ == nullptr) {
        return {.id = {}, .error = std::errc::broken_pipe};
    }
    State& state = *state_;
    const State::KeepAlive alive{state};
    return state.arm</*RunsUserCode=*/true>(first, period_ns, make);
}

// Not inlined by link-time optimisation either: see the header.
[[gnu::noinline]] Result<TimerId> Timers::arm_error(std::errc why) noexcept {
    return detail::error(why);
}

bool Timers::cancel(TimerId id) noexcept {
    State* state = state_;
    State::Node* timer = state == nullptr ? nullptr : state->find(id);
    if (timer == nullptr || !state->queue.erase(id.index())) {
        return false;
    }
    timer->generation = 0;
    if (id.index() == state->running) [[unlikely]] {
        return true;  // called by its own handler, which is destroyed when it has returned
    }
    if (timer->handler.has_destructor()) {
        state->end_cancelled(id.index(), *timer);
    } else {
        state->give_back(id.index(), *timer);
    }
    return true;
}

void Timers::State::end(std::uint32_t index, Node& timer) noexcept {
    timer.handler.reset();
    give_back(index, timer);
}

void Timers::State::end_cancelled(std::uint32_t index, Node& timer) noexcept {
    const KeepAlive alive{*this};  // the handler's destructor may destroy the Timers
    end(index, timer);
}

bool Timers::reschedule_to(TimerId id, Deadline when) noexcept {
    State::Node* timer = state_ == nullptr ? nullptr : state_->find(id);
    std::int64_t deadline = 0;
    if (timer == nullptr || !state_->deadline_of(when, deadline) ||
        state_->ensure_wakeup_by(deadline) < 0) {
        return false;
    }
    timer->deadline = deadline;
    // A postponed timer keeps its place in the heap; expire() moves it when it is the front. Idle
    // timeouts are postponed often and are seldom the front.
    // While timers expire it becomes an unsorted one, so that it runs in a later turn even if it is
    // due.
    TimerQueue& queue = state_->queue;
    if (state_->kernel_deadline == State::expired || !queue.surfaces_before(id.index(), deadline)) {
        static_cast<void>(queue.erase(id.index()));
        queue.insert(id.index(), deadline, state_->armings.next());
    } else {
        timer->sequence = state_->armings.next();
    }
    return true;
}

std::size_t Timers::size() const noexcept {
    if (state_ == nullptr) {
        return 0;
    }
    state_->expect_this_thread();
    return state_->queue.size();
}

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE
