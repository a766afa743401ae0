// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>

#include <unistd.h>

/// What handlers do. Every peer is a template of one of these, so that all do exactly the same and
/// what is measured is the way to it.
namespace bench {

/// What all handlers of one peer share.
struct Tally {
    std::uint64_t calls = 0;    // that did what they are for
    std::uint64_t stop_at = 0;  // calls after which the loop is stopped
    void (*stop)(void* peer) = nullptr;
    void* peer = nullptr;

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

/// Does nothing.
struct Nothing {
    static void handle(int /*fd*/, Tally& /*tally*/) noexcept {}
};

/// Reads an eventfd(2) empty; one that was not ready is not counted.
struct Drain {
    static void handle(int fd, Tally& tally) {
        std::uint64_t value = 0;
        if (::read(fd, &value, sizeof value) == sizeof value) {
            tally.count();
        }
    }
};

inline constexpr std::size_t request_size = 64;

/// Answers a request on a socket with itself.
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
