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
    std::uint64_t refused = 0;  // accepted, but they could not be registered
    std::uint64_t cut = 0;      // still open when the time was over
    std::uint64_t bytes = 0;    // echoed
    std::uint64_t pauses = 0;   // how often there was no descriptor for accept(2)
};

/// Shared by the listener and its connections: the open connections, and whether to continue.
///
/// Must outlive the run of the reactor. Thread-bound, with the reactor.
class Service {
public:
    static constexpr eventp::Interest listener_interest = eventp::interest().read();
    static constexpr eventp::Interest connection_interest =
        eventp::interest().edge_triggered().read_write();

    /// `retry_later` is called when the listener was paused, and must arrange for resume() to be
    /// called later: another process may free what accept(2) lacked.
    explicit Service(std::function<void()> retry_later = {})
        : retry_later_{std::move(retry_later)} {}

    Totals totals;

    void listens(eventp::RegistrationId listener) noexcept { listener_ = listener; }

    /// A listener that cannot accept stays readable; if it were not paused, the loop would spin.
    void pause(eventp::ReactorOps& reactor);
    /// Resumes the listener if it is paused.
    void resume(eventp::ReactorOps& reactor);

    void opened(eventp::RegistrationId connection) { connections_.insert(connection); }
    /// Also removes the connection from the reactor.
    void close(eventp::RegistrationId connection, eventp::ReactorOps& reactor);

    /// Stops accepting and reading, and stops the reactor when everything that was read has been
    /// sent back. The second call closes the remaining connections.
    void leave(eventp::ReactorOps& reactor);
    [[nodiscard]] bool is_leaving() const noexcept { return is_leaving_; }
    /// Closes every connection at once, and stops the reactor.
    void cut(eventp::ReactorOps& reactor);

private:
    std::function<void()> retry_later_;
    std::unordered_set<eventp::RegistrationId> connections_;
    eventp::RegistrationId listener_;
    bool is_paused_ = false;
    bool is_leaving_ = false;
};

}  // namespace echo
