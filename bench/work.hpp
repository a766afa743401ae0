// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>

#include <unistd.h>

#include "sources.hpp"

/// What handlers do. Every peer is a template of one of these, so that all of them do exactly the
/// same and a benchmark measures how they are reached.
namespace bench {

/// What all handlers of one peer share.
struct Tally {
    std::uint64_t calls = 0;    // of handlers that found something to do
    std::uint64_t stop_at = 0;  // calls after which the loop is stopped
    void (*stop)(void* peer) = nullptr;
    void* peer = nullptr;
    FiringOrder* order = nullptr;  // what DrainAndFire fires next

    /// Lets handlers stop the loop.
    template <typename Peer>
    void stop_with(Peer& loop) {
        peer = &loop;
        stop = [](void* self) { static_cast<Peer*>(self)->stop(); };
    }
    void count() noexcept { ++calls; }
    void count_and_stop() {
        if (++calls == stop_at) {
            stop(peer);
        }
    }
};

/// Counts.
struct Count {
    static void handle(int /*fd*/, Tally& tally) noexcept { tally.count(); }
};

/// Counts, and stops the loop when it has counted enough: for turns inside run().
struct CountAndStop {
    static void handle(int /*fd*/, Tally& tally) { tally.count_and_stop(); }
};

/// Does nothing.
struct Nothing {
    static void handle(int /*fd*/, Tally& /*tally*/) noexcept {}
};

/// Reads an eventfd(2) empty. One that was not ready is not counted.
struct Drain {
    static void handle(int fd, Tally& tally) {
        std::uint64_t value = 0;
        if (::read(fd, &value, sizeof value) == sizeof value) {
            tally.count();
        }
    }
};

/// Reads an eventfd(2) empty, then fires the next one or stops the loop: for turns inside run().
struct DrainAndFire {
    static void handle(int fd, Tally& tally) {
        std::uint64_t value = 0;
        if (::read(fd, &value, sizeof value) != sizeof value) {
            return;
        }
        tally.count_and_stop();
        if (tally.calls != tally.stop_at) {
            tally.order->fire_next();
        }
    }
};

inline constexpr std::size_t request_size = 64;

/// Sends each request on a socket back.
struct Echo {
    static void handle(int fd, Tally& tally) {
        std::array<char, request_size> request;
        if (::read(fd, request.data(), request.size()) == request_size &&
            ::write(fd, request.data(), request.size()) == request_size) {
            tally.count_and_stop();
        }
    }
};

}  // namespace bench
