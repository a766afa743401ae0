// SPDX-License-Identifier: MIT
//
// Creating, destroying and inspecting a reactor.
#include <eventp/reactor.hpp>

#include <atomic>
#include <climits>

#include <eventp/detail/contract.hpp>

#include "reactor/state.hpp"
#include "sys/syscall.hpp"

namespace eventp::inline EVENTP_ABI_NAMESPACE {

namespace {

// Kernel: epoll_wait(2) fails with EINVAL for more events than this.
constexpr std::size_t event_capacity_max = INT_MAX / sizeof(epoll_event);

// Shared by all reactors of the process, so that no two of them return the same RegistrationId.
// NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables)
constinit std::atomic<std::uint32_t> registrations{0};

[[noreturn]] void throw_error(std::error_code code) {
#if defined(__cpp_exceptions)
    throw std::system_error{code, "eventp: cannot make a reactor"};
#else
    detail::contract_failed(code.message().c_str());
#endif
}

/// Without exceptions it terminates instead.
template <typename T>
T value_or_throw(Result<T> made) {
    if (!made) {
        throw_error(made.error());
    }
    return std::move(*made);
}

}  // namespace

// --- creating and destroying --------------------------------------------------------------------

Reactor::State::State(const Options& options)
    : gate{nullptr},
      set{sys::epoll_create()},
      capacity{static_cast<int>(options.event_capacity)},
      has_slow_wait{options.busy_poll.count() > 0},
      batch{options.event_capacity},
      channel{std::make_shared<detail::RemoteChannel>()},
      spare{sys::epoll_create()},
      ids{registrations},
      busy_poll_ns{options.busy_poll.count()} {}

Reactor::State::~State() = default;

Result<std::unique_ptr<Reactor::State>> Reactor::make_state(const Options& options) {
    if (options.event_capacity == 0 || options.event_capacity > event_capacity_max ||
        options.busy_poll.count() < 0) {
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
    if (state->channel->gate().cell() == nullptr) {
        return detail::error(std::errc::not_enough_memory);
    }
    state->gate = state->channel->gate();
    state->gate.set_user(detail::UserGate::idle);
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

Reactor::Reactor(const Options& options) : Reactor{Made{value_or_throw(make_state(options))}} {}

Reactor::Reactor(Made made) noexcept : state_{std::move(made.state)} {
    state_->reactor = this;
    gate_ = state_->gate.cell();
}

Reactor::~Reactor() {
    if (state_->refusal() == std::errc::no_child_process && state_->phase != State::Phase::idle) {
        // A child that was forked in user code ends: the frames that use the state are still on
        // its stack, and everything in it is the parent's to destroy.
        [[maybe_unused]] const State* left_alone = state_.release();
        return;
    }
    state_->destroy_all();
}

// --- who may use it -----------------------------------------------------------------------------

std::errc Reactor::State::refusal_reason() const noexcept {
    const detail::ThreadToken user = gate.user();
    if (user == nullptr) {
        return std::errc::no_child_process;
    }
    if (user == detail::UserGate::closed) {
        return std::errc::operation_canceled;
    }
    const bool is_reading = user == detail::UserGate::reading_fd;
    const detail::ThreadToken thread = is_reading ? reading_user : user;
    detail::UserGate::expect_usable_by_this_thread(thread);
    return is_reading ? std::errc::device_or_resource_busy : std::errc{};
}

std::errc Reactor::State::refusal_to_run() const noexcept {
    const std::errc why = refusal();
    return why == std::errc{} ? std::errc::device_or_resource_busy : why;
}

void Reactor::stop() noexcept {
    if (state_->refusal() != std::errc::no_child_process) {
        state_->channel->request_stop();
    }
}

// --- inspecting ---------------------------------------------------------------------------------

bool Reactor::contains(RegistrationKey key) const {
    return state_->is_usable() && state_->registry.find(key) != nullptr;
}

Interest Reactor::interest_of(RegistrationKey key) const {
    const detail::Slot* slot = state_->is_usable() ? state_->registry.find(key) : nullptr;
    return slot == nullptr ? Interest{} : Interest{slot->live.interest};
}

std::size_t Reactor::size() const noexcept {
    return state_->is_usable() ? state_->registry.size() : 0;
}

void* Reactor::find_value(RegistrationKey key, const void* type_key) {
    if (!state_->is_usable()) {
        return nullptr;
    }
    detail::Slot* slot = state_->registry.find(key);
    return slot == nullptr || slot == state_->running() ? nullptr
                                                        : slot->operations->find(slot, type_key);
}

Reactor::Stats Reactor::stats() const noexcept {
    // Terminates if another thread runs the reactor.
    [[maybe_unused]] const std::errc ignored = state_->refusal();
    const State& state = *state_;
    const auto pending = static_cast<std::uint64_t>(state.batch.end - state.batch.cursor);
    return {.turns = state.turns,
            .events_reported = state.events_reported,
            .handlers_called = state.events_reported + state.events_prepended -
                               state.events_without_handler - pending,
            .events_dropped = state.events_dropped,
            .stale_events = state.stale_events,
            .rebuilds = state.rebuilds,
            .descriptors_detached = state.descriptors_detached,
            .quarantined = state.quarantine.size(),
            .registered = state.registry.size()};
}

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE
