// SPDX-License-Identifier: MIT
#include "service.hpp"

#include <vector>

namespace echo {

void Service::pause(eventp::ReactorOps& reactor) {
    if (is_paused_) {
        return;
    }
    // Cannot fail while the listener is registered: pausing needs no resource of the kernel.
    is_paused_ = reactor.modify(listener_, eventp::Interest{}).has_value();
    ++totals.pauses;
    if (retry_later_) {
        retry_later_();
    }
}

void Service::resume(eventp::ReactorOps& reactor) {
    if (!is_paused_ || is_leaving_) {
        return;
    }
    is_paused_ = !reactor.modify(listener_, listener_interest).has_value();
    if (is_paused_ && retry_later_) {
        retry_later_();
    }
}

void Service::close(eventp::RegistrationId connection, eventp::ReactorOps& reactor) {
    reactor.remove(connection);
    connections_.erase(connection);
    if (is_leaving_ && connections_.empty()) {
        reactor.stop();
    }
    // The descriptor is closed before the next wait can report the listener.
    resume(reactor);
}

void Service::leave(eventp::ReactorOps& reactor) {
    if (is_leaving_) {
        cut(reactor);
        return;
    }
    is_leaving_ = true;
    reactor.remove(listener_);
    // After modify() the kernel reports conditions that hold already. So the handler of each
    // connection runs as soon as its socket is writable, and sees that the service is leaving.
    const std::vector<eventp::RegistrationId> all{connections_.begin(), connections_.end()};
    for (const eventp::RegistrationId connection : all) {
        if (!reactor.modify(connection, connection_interest)) {
            close(connection, reactor);
        }
    }
    if (connections_.empty()) {
        reactor.stop();
    }
}

void Service::cut(eventp::ReactorOps& reactor) {
    totals.cut += connections_.size();
    for (const eventp::RegistrationId connection : std::exchange(connections_, {})) {
        reactor.remove(connection);
    }
    reactor.stop();
}

}  // namespace echo
