// SPDX-License-Identifier: MIT
#include <eventp/remote_endpoint.hpp>

#include "reactor/state.hpp"

namespace eventp::inline EVENTP_ABI_NAMESPACE {

RemoteEndpoint::RemoteEndpoint(Reactor& reactor) noexcept : channel_{reactor.state_->channel} {
    Reactor::State& state = *reactor.state_;
    // Terminates if another thread runs the reactor.
    [[maybe_unused]] const std::errc ignored = state.refusal();
    state.has_endpoints = true;
    state.has_slow_wait = true;
}

Result<> RemoteEndpoint::enqueue(detail::Task& task) const noexcept {
    if (channel_->gate().is_in_child()) {
        return detail::error(std::errc::no_child_process);
    }
    if (!channel_->post(task)) {
        return detail::error(std::errc::broken_pipe);
    }
    return {};
}

bool RemoteEndpoint::is_reactors_thread() const noexcept {
    return channel_->gate().is_this_thread();
}

std::uint32_t RemoteEndpoint::process() noexcept {
    return detail::current_process();
}

Result<> RemoteEndpoint::stop() const noexcept {
    if (channel_->gate().is_in_child()) {
        return detail::error(std::errc::no_child_process);
    }
    if (channel_->mailbox().is_closed()) {
        return detail::error(std::errc::broken_pipe);
    }
    channel_->request_stop();
    channel_->notify();
    return {};
}

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE
