// SPDX-License-Identifier: MIT
#include <eventp/remote_endpoint.hpp>

#include "reactor/state.hpp"

namespace eventp {

RemoteEndpoint::RemoteEndpoint(Reactor& reactor) noexcept : wakeup_{reactor.state_->wakeup} {
    reactor.state_->has_endpoints = true;
    reactor.state_->waits_with_care = true;
}

Result<> RemoteEndpoint::enqueue(detail::Task& task) const noexcept {
    if (wakeup_->guard().in_child()) {
        return detail::refused(std::errc::no_child_process);
    }
    if (!wakeup_->post(task)) {
        return detail::refused(std::errc::broken_pipe);
    }
    return {};
}

bool RemoteEndpoint::is_reactors_thread() const noexcept {
    // In a child that a handler forked the word is the parent's.
    return !wakeup_->guard().in_child() && wakeup_->runner() == detail::this_thread();
}

std::uint32_t RemoteEndpoint::takeovers() const noexcept {
    return wakeup_->takeovers();
}

bool RemoteEndpoint::has_forked_since(std::uint32_t takeovers) const noexcept {
    return wakeup_->guard().in_child() || wakeup_->takeovers() != takeovers;
}

Result<> RemoteEndpoint::stop() const noexcept {
    if (wakeup_->guard().in_child()) {
        return detail::refused(std::errc::no_child_process);
    }
    if (wakeup_->mailbox().is_closed()) {
        return detail::refused(std::errc::broken_pipe);
    }
    wakeup_->request_stop();
    wakeup_->ring();
    return {};
}

}  // namespace eventp
