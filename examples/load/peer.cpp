// SPDX-License-Identifier: MIT
#include "peer.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace load {
namespace {

/// How many messages a peer exchanges in one turn, so that it does not starve the others.
constexpr int messages_per_turn = 16;

/// SplitMix64 by Steele, Lea and Flood: fast, and each message differs from the one before.
std::uint64_t next_random(std::uint64_t& state) noexcept {
    state += 0x9e3779b97f4a7c15U;
    std::uint64_t x = state;
    x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9U;
    x = (x ^ (x >> 27U)) * 0x94d049bb133111ebU;
    return x ^ (x >> 31U);
}

}  // namespace

void Run::fail(const std::string& why) {
    if (failures++ == 0) {
        first_failure = why;
    }
}

Peer::Peer(echo::TcpStream stream, Run& run, std::uint64_t seed)
    : stream_{std::move(stream)},
      run_{&run},
      random_{seed},
      message_{std::make_unique_for_overwrite<std::byte[]>(run.message_bytes)},
      answer_{std::make_unique_for_overwrite<std::byte[]>(run.message_bytes)} {
    next_message();
}

void Peer::on_ready(eventp::Event event, eventp::RegistrationId self, eventp::ReactorOps& reactor) {
    Progress progress = Progress::waits;
    if (event.is_error() || event.is_hangup()) {
        progress = fail("a connection was refused or reset");
    } else {
        progress = advance();
    }
    if (progress == Progress::has_more) {
        reactor.requeue(self);
    } else if (progress == Progress::is_over) {
        reactor.remove(self);
        if (--run_->open == 0) {
            reactor.stop();
        }
    }
}

Peer::Progress Peer::advance() {
    for (int i = 0; i < messages_per_turn; ++i) {
        if (const auto sent = send(); !sent && !echo::would_block(sent.error())) {
            return fail("sending: " + sent.error().message());
        }
        if (const auto received = receive(); !received) {
            return echo::would_block(received.error())
                       ? Progress::waits
                       : fail("receiving: " + received.error().message());
        }
        if (received_ < run_->message_bytes) {
            return fail("a connection was closed before its answer had come");
        }
        if (std::memcmp(message_.get(), answer_.get(), run_->message_bytes) != 0) {
            return fail("an answer is not what was sent");
        }
        run_->latency.add(static_cast<std::uint64_t>((Clock::now() - begun_).count()));
        run_->bytes_checked += run_->message_bytes;
        if (run_->is_ending) {
            return Progress::is_over;
        }
        next_message();
    }
    return Progress::has_more;
}

Peer::Progress Peer::fail(const std::string& why) {
    run_->fail(why);
    return Progress::is_over;
}

eventp::Result<> Peer::send() {
    if (sent_ == 0) {
        begun_ = Clock::now();
    }
    while (sent_ < run_->message_bytes) {
        const auto count = stream_.write({message_.get() + sent_, run_->message_bytes - sent_});
        if (!count) {
            return std::unexpected{count.error()};
        }
        sent_ += *count;
    }
    return {};
}

eventp::Result<> Peer::receive() {
    while (received_ < run_->message_bytes) {
        const auto count =
            stream_.read({answer_.get() + received_, run_->message_bytes - received_});
        if (!count) {
            return std::unexpected{count.error()};
        }
        if (*count == 0) {
            break;
        }
        received_ += *count;
    }
    return {};
}

void Peer::next_message() {
    sent_ = 0;
    received_ = 0;
    for (std::size_t at = 0; at < run_->message_bytes; at += sizeof(std::uint64_t)) {
        const std::uint64_t word = next_random(random_);
        std::memcpy(message_.get() + at, &word, std::min(sizeof word, run_->message_bytes - at));
    }
}

}  // namespace load
