// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include <eventp/event.hpp>
#include <eventp/reactor_ops.hpp>

#include "send_buffer.hpp"
#include "service.hpp"
#include "tcp.hpp"

namespace echo {

/// How much a connection reads in one turn, so that a peer that never pauses does not starve
/// others.
inline constexpr std::size_t budget_per_turn = std::size_t{64} * 1024;

/// One peer. Sends back what it reads, and stops reading while too much is unsent.
template <Stream S>
class Connection {
public:
    enum class Progress : std::uint8_t {
        waits,     // until the socket is readable or writable again
        has_more,  // the budget is used up and the socket may still be ready
        is_over,   // everything was sent back, or cannot be
    };

    Connection(S stream, Service& service) : stream_{std::move(stream)}, service_{&service} {}

    [[nodiscard]] int fd() { return eventp::fd_of(stream_); }
    [[nodiscard]] Service& service() const noexcept { return *service_; }

    /// Sends and reads until the socket would block or `budget` bytes have been read: the socket
    /// is edge-triggered, so after the budget the handler must requeue itself.
    [[nodiscard]] Progress advance(std::size_t budget) {
        for (;;) {
            const Sent sent = send();
            if (sent == Sent::failed) {
                return Progress::is_over;
            }
            if (has_ended_) {
                return sent == Sent::all ? Progress::is_over : Progress::waits;
            }
            if (service_->is_leaving()) {
                return sent == Sent::all ? say_goodbye(budget) : Progress::waits;
            }
            if (owed_.is_full()) {
                return Progress::waits;  // until the peer reads: back-pressure
            }
            if (budget == 0) {
                return Progress::has_more;
            }
            const auto count = stream_.read(owed_.room(budget));
            if (!count) {
                return would_block(count.error()) ? Progress::waits : Progress::is_over;
            }
            has_ended_ = *count == 0;  // the peer may still read, so the rest is sent
            owed_.filled(*count);
            budget -= *count;
        }
    }

private:
    enum class Sent : std::uint8_t { all, some, failed };

    Sent send() {
        while (!owed_.is_empty()) {
            const auto count = stream_.write(owed_.data());
            if (!count) {
                return would_block(count.error()) ? Sent::some : Sent::failed;
            }
            owed_.sent(*count);
            service_->totals.bytes += *count;
        }
        return Sent::all;
    }

    /// Ends the outgoing stream and waits until the peer closes. If the socket were closed with
    /// unread bytes, the kernel would reset the connection, and data in flight would be lost.
    Progress say_goodbye(std::size_t budget) {
        if (!std::exchange(has_said_goodbye_, true) && !stream_.shutdown_write()) {
            return Progress::is_over;
        }
        std::array<std::byte, 4096> ignored;
        while (budget > 0) {
            const auto count =
                stream_.read(std::span{ignored}.first(std::min(budget, ignored.size())));
            if (!count) {
                return would_block(count.error()) ? Progress::waits : Progress::is_over;
            }
            if (*count == 0) {
                return Progress::is_over;
            }
            budget -= *count;
        }
        return Progress::has_more;
    }

    S stream_;
    Service* service_;
    SendBuffer owed_;
    bool has_ended_ = false;  // the peer has ended its stream
    bool has_said_goodbye_ = false;
};

/// The handler of a connection.
template <Stream S>
void on_ready(Connection<S>& connection, eventp::Event event, eventp::RegistrationId self,
              eventp::ReactorOps& reactor) {
    using Progress = typename Connection<S>::Progress;
    // EPOLLHUP: both directions are closed, so nothing can be sent back.
    const Progress progress = event.is_error() || event.is_hangup()
                                  ? Progress::is_over
                                  : connection.advance(budget_per_turn);
    if (progress == Progress::is_over) {
        connection.service().close(self, reactor);
    } else if (progress == Progress::has_more) {
        reactor.requeue(self);
    }
}

}  // namespace echo
