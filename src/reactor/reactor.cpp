// SPDX-License-Identifier: MIT
//
// Making a reactor, running it, and looking at it.
#include <eventp/reactor.hpp>

#include <atomic>
#include <chrono>
#include <climits>

#include <eventp/detail/contract.hpp>

#include "reactor/state.hpp"
#include "sys/syscall.hpp"

namespace eventp {

using std::chrono::nanoseconds;
using std::chrono::steady_clock;

namespace {

// Kernel: epoll_wait(2) answers EINVAL for more events than this.
constexpr std::size_t event_capacity_max = INT_MAX / sizeof(epoll_event);

// Names of registrations are the process's, so that they are not mistaken between reactors.
// NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables)
constinit std::atomic<std::uint32_t> registrations{0};

[[noreturn]] void throw_error(std::error_code code) {
#if defined(__cpp_exceptions)
    throw std::system_error{code, "eventp: cannot make a reactor"};
#else
    detail::contract_failed(code.message().c_str());
#endif
}

}  // namespace

// --- making and ending --------------------------------------------------------------------------

Reactor::State::State(const Options& options)
    : set{sys::epoll_create()},
      channel{std::make_shared<detail::RemoteChannel>()},
      batch{options.event_capacity},
      capacity{static_cast<int>(options.event_capacity)},
      needs_slow_wait{options.busy_poll.count() > 0},
      spare{sys::epoll_create()},
      generations{registrations},
      spin_ns{options.busy_poll.count()} {}

Reactor::State::~State() = default;

detail::Slot Reactor::State::slot_of(const detail::Operations& operations) noexcept {
    return {.operations = &operations,
            .live = {},
            .fd = -1,
            .align_log2 = 0,
            .variant = detail::Variant::plain,
            .presence = detail::Presence::absent,
            .again_pending = false};
}

Result<std::unique_ptr<Reactor::State>> Reactor::make_state(const Options& options) {
    if (options.event_capacity == 0 || options.event_capacity > event_capacity_max ||
        options.busy_poll < nanoseconds::zero()) {
        return detail::error(std::errc::invalid_argument);
    }
    if (const int answer = detail::prepare_fork_detection(); answer < 0) {
        return sys::error(answer);
    }
    auto state = std::make_unique<State>(options);
    for (const int fd : {state->set.fd(), state->spare.fd(), state->channel->fd()}) {
        if (fd < 0) {
            return sys::error(fd);
        }
    }
    if (!state->channel->guard()) {
        return detail::error(std::errc::not_enough_memory);
    }
    if (const int answer =
            state->set.add(state->channel->fd(), EPOLLIN | EPOLLET, state->wakeup_slot);
        answer < 0) {
        return sys::error(answer);
    }
    return state;
}

Result<Reactor> Reactor::create(const Options& options) {
    auto state = make_state(options);
    if (!state) {
        return std::unexpected{state.error()};
    }
    return Result<Reactor>{std::in_place, Made{std::move(*state)}};
}

Result<Reactor> Reactor::create() {
    return create(Options{});
}

Reactor::Reactor() : Reactor{Options{}} {}

Reactor::Reactor(const Options& options) {
    auto state = make_state(options);
    if (!state) {
        throw_error(state.error());
    }
    state_ = std::move(*state);
    state_->reactor = this;
}

Reactor::Reactor(Made made) noexcept : state_{std::move(made.state)} {
    state_->reactor = this;
}

Reactor::~Reactor() {
    if (state_->refusal() == std::errc::no_child_process && state_->busy != 0) {
        // A child that was forked inside a handler ends: the frames that use the state are on its
        // stack still, and everything in it is the parent's to destroy.
        [[maybe_unused]] const State* left_alone = state_.release();
        return;
    }
    state_->destroy_all();
}

// --- running ------------------------------------------------------------------------------------

namespace {

constexpr std::int64_t no_timeout = -1;

std::int64_t as_timeout(nanoseconds timeout) noexcept {
    return timeout == nanoseconds::max() ? no_timeout : timeout.count();
}

}  // namespace

Result<std::size_t> Reactor::run_once() {
    return state_->turn(no_timeout);
}

Result<std::size_t> Reactor::run_once_for(nanoseconds timeout) {
    if (timeout < nanoseconds::zero()) {
        return detail::error(std::errc::invalid_argument);
    }
    return state_->turn(as_timeout(timeout));
}

/// Turns until `is_over` or stop(); `remaining` says how long the next one may wait.
template <typename IsOver, typename Remaining>
Result<> Reactor::State::turns(IsOver is_over, Remaining remaining) {
    if (const std::errc why = refusal_unless_idle(); why != std::errc{}) {
        return detail::error(why);
    }
    const RunScope scope{*channel};
    while (!is_over()) {
        if (channel->take_stop_request()) {
            return {};
        }
        const auto turned = turn(remaining());
        if (!turned && turned.error() != std::errc::interrupted) {
            return std::unexpected{turned.error()};
        }
    }
    return {};
}

Result<> Reactor::run() {
    return state_->turns([] { return false; }, [] { return no_timeout; });
}

Result<> Reactor::run(std::stop_token token) {
    const std::stop_callback wake{token, [this]() noexcept { state_->channel->ring(); }};
    return state_->turns([&token] { return token.stop_requested(); }, [] { return no_timeout; });
}

Result<> Reactor::run_until_over(nanoseconds duration) {
    if (duration < nanoseconds::zero()) {
        return detail::error(std::errc::invalid_argument);
    }
    const steady_clock::time_point start = steady_clock::now();
    const auto remaining = [&] { return duration - (steady_clock::now() - start); };
    bool first = true;  // a duration of zero is one poll
    return state_->turns(
        [&] { return !std::exchange(first, false) && remaining() <= nanoseconds::zero(); },
        [&] {
            return duration == nanoseconds::max()
                       ? no_timeout
                       : std::max(remaining(), nanoseconds::zero()).count();
        });
}

void Reactor::stop() noexcept {
    if (state_->refusal() != std::errc::no_child_process) {
        state_->channel->request_stop();
    }
}

// --- looking ------------------------------------------------------------------------------------

bool Reactor::contains(RegistrationKey key) const {
    return state_->refusal() != std::errc::no_child_process &&
           state_->registry.find(key) != nullptr;
}

void* Reactor::find_value(RegistrationKey key, const void* type_key) {
    if (state_->refusal() == std::errc::no_child_process) {
        return nullptr;
    }
    detail::Slot* slot = state_->registry.find(key);
    return slot == nullptr || slot == state_->running() ? nullptr
                                                        : slot->operations->find(slot, type_key);
}

Result<BorrowedFd> Reactor::fd() {
    State& state = *state_;
    if (state.refusal() == std::errc::no_child_process) {
        return detail::error(std::errc::no_child_process);
    }
    if (!state.pollable.is_open()) {
        detail::EpollSet pollable{sys::epoll_create()};
        if (!pollable.is_open()) {
            return sys::error(pollable.fd());
        }
        if (state.set.is_open()) {
            const int answer = pollable.add(state.set.fd(), EPOLLIN, state.discard_slot);
            if (answer < 0) {
                return sys::error(answer);
            }
        }
        state.pollable = std::move(pollable);
        state.wake_outer_loop();
    }
    return BorrowedFd{state.pollable.fd()};
}

Reactor::Stats Reactor::stats() const noexcept {
    Stats now = state_->stats;
    now.quarantined = state_->quarantine.size();
    now.registered = state_->registry.size();
    return now;
}

}  // namespace eventp
