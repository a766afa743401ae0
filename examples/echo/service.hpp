// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <unordered_set>
#include <utility>

#include <eventp/builder.hpp>
#include <eventp/reactor_ops.hpp>

namespace echo {

struct Totals {
    std::uint64_t accepted = 0;
    std::uint64_t refused = 0;  // accepted, but the reactor could not take them
    std::uint64_t cut = 0;      // still open when time was up
    std::uint64_t bytes = 0;    // echoed
    std::uint64_t pauses = 0;   // times that no descriptor was left to accept with
};

/// What the listener and its connections share: who is there, and whether we go on.
///
/// Lives as long as the reactor runs. Thread-bound, with the reactor.
class Service {
public:
    static constexpr eventp::Interest listener_interest = eventp::interest().read();
    static constexpr eventp::Interest connection_interest =
        eventp::interest().edge_triggered().read_write();

    /// `retry_later` is called when the listener has been paused, and has to call resume() after
    /// a while: what was short may come back without one of our connections ending.
    explicit Service(std::function<void()> retry_later = {})
        : retry_later_{std::move(retry_later)} {}

    Totals totals;

    void listens(eventp::RegistrationId listener) noexcept { listener_ = listener; }

    /// A listener that cannot accept stays readable: unpaused, it would be reported for ever.
    void pause(eventp::ReactorOps& reactor);
    /// Accepts again, if paused.
    void resume(eventp::ReactorOps& reactor);

    void opened(eventp::RegistrationId connection) { connections_.insert(connection); }
    /// Also ends the connection's registration.
    void close(eventp::RegistrationId connection, eventp::ReactorOps& reactor);

    /// Stops accepting and reading, and stops the reactor when every connection has been sent what
    /// it is owed. Asked a second time: cuts the rest.
    void leave(eventp::ReactorOps& reactor);
    [[nodiscard]] bool is_leaving() const noexcept { return is_leaving_; }
    /// Closes every connection as it is, and stops the reactor.
    void cut(eventp::ReactorOps& reactor);

private:
    std::function<void()> retry_later_;
    std::unordered_set<eventp::RegistrationId> connections_;
    eventp::RegistrationId listener_;
    bool is_paused_ = false;
    bool is_leaving_ = false;
};

}  // namespace echo
