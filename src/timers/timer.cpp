// SPDX-License-Identifier: MIT
//
// Arming timers, and who owns them.
#include <eventp/timer.hpp>

#include <algorithm>
#include <atomic>
#include <ctime>
#include <utility>

#include <eventp/detail/contract.hpp>

#include "sys/syscall.hpp"
#include "sys/timerfd.hpp"
#include "timers/timer_state.hpp"

namespace eventp {

using detail::TimerHandlerMaker;
using detail::TimerQueue;

namespace {

// Names of timers are the process's: no two Timers give out the same.
// NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables)
constinit std::atomic<std::uint32_t> timer_ids{0};

/// A deadline that is `delay` after `now`; a negative delay counts as none.
constexpr std::int64_t later(std::int64_t now, std::int64_t delay) noexcept {
    std::int64_t sum = 0;
    return __builtin_add_overflow(now, std::max(delay, std::int64_t{0}), &sum) ? TimerQueue::never
                                                                               : sum;
}

}  // namespace

BootClock::time_point BootClock::now() noexcept {
    return time_point{duration{sys::clock_now(CLOCK_BOOTTIME)}};
}

// --- the two owners -----------------------------------------------------------------------------

/// What the reactor owns.
class Timers::Source {
public:
    explicit Source(State& state) noexcept : state_{state} {}
    Source(const Source&) = delete;
    Source& operator=(const Source&) = delete;
    ~Source() {
        state_.subscribed = false;
        state_.drop_all();
        state_.release();
    }

    [[nodiscard]] int fd() const noexcept { return state_.fd.fd(); }
    [[nodiscard]] static Interest interest() noexcept { return Interest{}.read(); }
    void handle(RegistrationId self, ReactorOps& reactor) { state_.expire(self, reactor); }
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
    AnySubscriber subscriber = AnySubscriber::make<Source>(*state);
    Timers timers{state.release()};  // owned by the two from here on
    if (const auto added = reactor.add(subscriber); !added) {
        return std::unexpected{added.error()};
    }
    return timers;
}

void Timers::close() noexcept {
    State* const closed = std::exchange(state_, nullptr);  // first: handlers' destructors call back
    if (closed == nullptr) {
        return;
    }
    State& state = *closed;
    state.abandoned = true;
    state.drop_all();
    // The subscriber removes itself in its next turn. It is not removed through a reference to the
    // reactor that create() was given: by now it may be in another one, or in none.
    if (state.subscribed && !state.expiring && !state.in_child()) {
        static_cast<void>(state.set_kernel_timer(0));
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
    // Destructors of handlers may call back, and find that nothing can be armed.
    for (std::uint32_t index = 0; index < pages.size() * page_size; ++index) {
        if (node(index).generation != 0) {
            drop(index);
        }
    }
}

Timers::State::State(Clock with_clock) noexcept : generations{timer_ids}, clock{with_clock} {}

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
    // Kernel: zero would switch the timer off, a past time makes it expire at once.
    const int answer = sys::timerfd_set(
        fd.fd(), deadline == TimerQueue::never ? 0 : std::max(deadline, std::int64_t{1}));
    if (answer == 0) {
        kernel_deadline = deadline;
    }
    return answer;
}

/// A node on its way to a timer. Throws: the handler's constructor may, and it is free again then.
class Timers::State::Taken {
public:
    explicit Taken(State& state) noexcept
        : state_{state}, index_{state.first_free}, node_{&state.node(index_)} {
        state.first_free = node_->next_free;
    }
    Taken(const Taken&) = delete;
    Taken& operator=(const Taken&) = delete;
    ~Taken() {
        if (node_ != nullptr) {
            state_.give_back(index_, *node_);
        }
    }

    [[nodiscard]] std::uint32_t index() const noexcept { return index_; }
    [[nodiscard]] Node& node() noexcept { return *node_; }
    void keep() noexcept { node_ = nullptr; }

private:
    State& state_;
    std::uint32_t index_;
    Node* node_;
};

bool Timers::State::deadline_of(Moment moment, std::int64_t& deadline) const noexcept {
    if (moment.from == Moment::From::now) {
        deadline = later(now(), moment.ns);
        return true;
    }
    deadline = moment.ns;
    return static_cast<std::uint8_t>(moment.from) == static_cast<std::uint8_t>(clock);
}

Timers::Armed Timers::arm_made(Moment first, std::int64_t period_ns, TimerHandlerMaker make) {
    if (state_ == nullptr || !state_->subscribed) [[unlikely]] {
        return {.id = {}, .error = std::errc::broken_pipe};
    }
    State& state = *state_;
    if (state.in_child()) [[unlikely]] {
        return {.id = {}, .error = std::errc::no_child_process};
    }
    std::int64_t deadline = 0;
    if (!state.deadline_of(first, deadline)) [[unlikely]] {
        return {.id = {}, .error = std::errc::invalid_argument};
    }
    if (state.first_free == State::nobody) [[unlikely]] {
        state.grow();
    }
    if (const int answer = state.wake_by(deadline); answer < 0) [[unlikely]] {
        return {.id = {}, .error = static_cast<std::errc>(-answer)};
    }
    State::Taken taken{state};
    State::Node& timer = taken.node();
    make(timer.handler);
    taken.keep();
    timer.deadline = deadline;
    timer.period = period_ns;
    const TimerId id{taken.index(), state.generations.next()};
    timer.generation = id.generation();
    state.queue.insert(taken.index(), deadline);
    return {.id = id, .error = {}};
}

// Not inlined by the link either, for the reason that the header gives.
[[gnu::noinline]] Result<TimerId> Timers::not_armed(std::errc why) noexcept {
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
        return true;  // its handler is on the stack, and is destroyed when it returns
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
    const KeepAlive alive{*this};  // the handler's destructor may end the Timers
    end(index, timer);
}

bool Timers::move_to(TimerId id, Moment moment) noexcept {
    State::Node* timer = state_ == nullptr ? nullptr : state_->find(id);
    std::int64_t deadline = 0;
    if (timer == nullptr || !state_->deadline_of(moment, deadline) ||
        state_->wake_by(deadline) < 0) {
        return false;
    }
    timer->deadline = deadline;
    // Put off, it keeps its place in the heap, and gets another when it comes to the front: idle
    // timeouts are put off at each sign of life and seldom come there.
    // While timers expire it becomes a newcomer, and runs in a later turn though it were due.
    TimerQueue& queue = state_->queue;
    if (state_->expiring || !queue.comes_up_by(id.index(), deadline)) {
        static_cast<void>(queue.erase(id.index()));
        queue.insert(id.index(), deadline);
    }
    return true;
}

std::size_t Timers::size() const noexcept {
    return state_ == nullptr ? 0 : state_->queue.size();
}

}  // namespace eventp
