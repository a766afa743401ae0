// SPDX-License-Identifier: MIT
#pragma once

#include <system_error>
#include <utility>

#include <eventp/builder.hpp>
#include <eventp/reactor_ops.hpp>

#include "connection.hpp"
#include "service.hpp"
#include "tcp.hpp"

namespace echo {

/// A listening socket, and the service that its connections belong to.
template <Acceptor A>
class Listener {
public:
    Listener(A acceptor, Service& service) : acceptor_{std::move(acceptor)}, service_{&service} {}

    [[nodiscard]] int fd() { return eventp::fd_of(acceptor_); }
    [[nodiscard]] A& acceptor() noexcept { return acceptor_; }
    [[nodiscard]] Service& service() const noexcept { return *service_; }

private:
    A acceptor_;
    Service* service_;
};

/// Kernel: accept(2) reports errors that the new connection had before it was accepted. The next
/// connection in the queue may have none.
[[nodiscard]] inline bool is_of_one_connection(std::error_code error) noexcept {
    return error == std::errc::connection_aborted || error == std::errc::interrupted ||
           error == std::errc::protocol_error || error == std::errc::operation_not_permitted ||
           error == std::errc::network_down || error == std::errc::network_unreachable ||
           error == std::errc::host_unreachable;
}

/// How many connections one turn accepts. The listener is level-triggered, so the next turn accepts
/// the others.
inline constexpr int accepted_per_turn = 64;

/// The handler of the listener.
template <Acceptor A>
void on_connection(Listener<A>& listener, eventp::ReactorOps& reactor) {
    using Accepted = typename decltype(listener.acceptor().accept())::value_type;
    Service& service = listener.service();
    for (int i = 0; i < accepted_per_turn; ++i) {
        auto stream = listener.acceptor().accept();
        if (!stream) {
            if (is_of_one_connection(stream.error())) {
                continue;
            }
            if (!would_block(stream.error())) {
                service.pause(reactor);  // EMFILE, ENFILE, ENOBUFS, ENOMEM, or worse
            }
            return;
        }
        ++service.totals.accepted;
        const auto added = Service::connection_interest.with_handler<on_ready<Accepted>>()
                               .with_fd(Connection<Accepted>{std::move(*stream), service})
                               .register_into(reactor);
        if (added) {
            service.opened(*added);
        } else {
            ++service.totals.refused;  // ENOSPC, ENOMEM: the peer sees a closed connection
        }
    }
}

}  // namespace echo
