// SPDX-License-Identifier: MIT
#include <eventp/remote_endpoint.hpp>

#include "reactor/state.hpp"

namespace eventp {

RemoteEndpoint::RemoteEndpoint(Reactor& reactor) noexcept : channel_{reactor.state_->channel} {
    reactor.state_->has_endpoints = true;
    reactor.state_->needs_slow_wait = true;
}

Result<> RemoteEndpoint::enqueue(detail::Task& task) const noexcept {
    if (channel_->guard().in_child()) {
        return detail::error(std::errc::no_child_process);
    }
    if (!channel_->post(task)) {
        return detail::error(std::errc::broken_pipe);
    }
    return {};
}

bool RemoteEndpoint::is_reactors_thread() const noexcept {
    // In a child that a handler forked the word is the parent's.
    return !channel_->guard().in_child() && channel_->runner() == detail::this_thread();
}

std::uint32_t RemoteEndpoint::fork_epoch() const noexcept {
    return channel_->fork_epoch();
}

bool RemoteEndpoint::has_forked_since(std::uint32_t fork_epoch) const noexcept {
    return channel_->guard().in_child() || channel_->fork_epoch() != fork_epoch;
}

Result<> RemoteEndpoint::stop() const noexcept {
    if (channel_->guard().in_child()) {
        return detail::error(std::errc::no_child_process);
    }
    if (channel_->mailbox().is_closed()) {
        return detail::error(std::errc::broken_pipe);
    }
    channel_->request_stop();
    channel_->ring();
    return {};
}

}  // namespace eventp
