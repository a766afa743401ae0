// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include <eventp/event.hpp>
#include <eventp/reactor_ops.hpp>
#include <eventp/registration_id.hpp>

#include "../echo/tcp.hpp"
#include "histogram.hpp"

namespace load {

/// The results of all peers, and whether they must stop.
struct Run {
    explicit Run(std::size_t bytes) : message_bytes{bytes} {}

    std::size_t message_bytes;
    std::size_t open = 0;    // peers that have not finished
    bool is_ending = false;  // a peer that has its response sends nothing more
    std::uint64_t bytes_checked = 0;
    std::uint64_t failures = 0;
    std::string first_failure;
    Histogram latency;

    void fail(const std::string& why);
};

/// One connection. Sends a message of random bytes, waits for it to come back, compares it, and
/// repeats that.
class Peer {
public:
    Peer(echo::TcpStream stream, Run& run, std::uint64_t seed);

    [[nodiscard]] int fd() const noexcept { return stream_.fd(); }

    /// The handler.
    void on_ready(eventp::Event event, eventp::RegistrationId self, eventp::ReactorOps& reactor);

private:
    using Clock = std::chrono::steady_clock;

    enum class Progress : std::uint8_t { waits, has_more, is_over };

    [[nodiscard]] Progress advance();
    [[nodiscard]] Progress fail(const std::string& why);
    [[nodiscard]] eventp::Result<> send();
    /// Receives until the response is complete or the stream has ended.
    [[nodiscard]] eventp::Result<> receive();
    void next_message();

    echo::TcpStream stream_;
    Run* run_;
    std::uint64_t random_;
    std::unique_ptr<std::byte[]> message_;
    std::unique_ptr<std::byte[]> answer_;
    std::size_t sent_ = 0;
    std::size_t received_ = 0;
    Clock::time_point begun_;
};

}  // namespace load
