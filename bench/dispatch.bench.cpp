// SPDX-License-Identifier: MIT
//
// From the kernel's report to the handler: one ready among many, several descriptors per object,
// all ready at once, and handlers that only count.
#include <algorithm>
#include <cstdio>

#include "groups.hpp"
#include "peers/all.hpp"
#include "sources.hpp"

namespace bench {

namespace {

/// Has everything that was fired handled: in one turn, but for peers whose room for events grows.
template <typename Peer>
void turn_until(Peer& peer, const Tally& tally, std::uint64_t fired, std::size_t ready) {
    for (int turns = 0; tally.calls < fired; ++turns) {
        expect(turns < 1000, std::string{Peer::name} + " lost an event");
        peer.turn(ready);
    }
}

void expect_exact(const char* peer, const Tally& tally, std::uint64_t fired) {
    expect(tally.calls == fired, std::string{peer} + " called " + std::to_string(tally.calls) +
                                     " handlers for " + std::to_string(fired) + " events");
}

/// The more there is to prepare, the longer a sample is.
[[nodiscard]] Pace pace_for(const Harness& harness, std::size_t descriptors) {
    constexpr std::int64_t ns_per_descriptor = 1000;
    return Pace{harness.is_smoke(),
                std::max<std::int64_t>(2'000'000,
                                       static_cast<std::int64_t>(descriptors) * ns_per_descriptor)};
}

/// The longer a sample takes to prepare, the more time there is, and samples are still fewer.
[[nodiscard]] double seconds_for(std::size_t descriptors) {
    return descriptors < 10'000 ? 8 : 40;
}

/// A sample is taken by a peer that is made for it.
template <typename Peer, typename Add, typename Measure>
Candidate candidate(const Harness& harness, std::string name, const EventFds& fds, Add add,
                    Measure measure) {
    return {std::move(name), [&fds, add, measure, pace = pace_for(harness, fds.size())]() mutable {
                const Shift shift;
                Tally tally;
                Peer peer{capacity_for(fds.size()), tally};
                add(peer, fds.numbers());
                for (int turns = 0; turns < 16; ++turns) {
                    peer.turn(1);  // the kernel is told, and the room for events grows
                }
                return measure(peer, tally, fds, pace);
            }};
}

constexpr auto add_each = [](auto& peer, std::span<const int> fds) {
    for (const int fd : fds) {
        peer.add(fd);
    }
};

constexpr auto add_objects = [](auto& peer, std::span<const int> fds) {
    if constexpr (requires { peer.add_object(fds.first<4>()); }) {
        for (; !fds.empty(); fds = fds.subspan(4)) {
            peer.add_object(fds.first<4>());
        }
    } else {
        add_each(peer, fds);
    }
};

/// One after the other is fired, far from each other.
constexpr auto fire_one = [](auto& peer, const Tally& tally, const EventFds& fds, Pace& pace) {
    const std::size_t stride = 7919 % fds.size();  // a prime: all get their turn
    std::size_t at = 0;
    std::uint64_t fired = 0;
    const std::int64_t ns = pace.time([&](std::uint64_t repeats) {
        const std::int64_t start = cpu_ns();
        for (std::uint64_t i = 0; i < repeats; ++i) {
            fds.fire(at);
            turn_until(peer, tally, ++fired, 1);
            at += stride;
            at -= at >= fds.size() ? fds.size() : 0;
        }
        return cpu_ns() - start;
    });
    expect_exact(peer.name, tally, fired);
    return static_cast<double>(ns) / static_cast<double>(pace.repeats());
};

constexpr auto fire_all = [](auto& peer, const Tally& tally, const EventFds& fds, Pace& pace) {
    std::uint64_t fired = 0;
    const std::int64_t ns = pace.time([&](std::uint64_t repeats) {
        const std::int64_t start = cpu_ns();
        for (std::uint64_t i = 0; i < repeats; ++i) {
            fds.fire_all();
            turn_until(peer, tally, fired += fds.size(), fds.size());
        }
        return cpu_ns() - start;
    });
    expect_exact(peer.name, tally, fired);
    return static_cast<double>(ns) / static_cast<double>(pace.repeats() * fds.size());
};

/// Everything is ready all the time.
constexpr auto count_only = [](auto& peer, Tally& tally, const EventFds& fds, Pace& pace) {
    std::uint64_t calls = 0;
    const std::int64_t ns = pace.time([&](std::uint64_t repeats) {
        tally.calls = 0;
        const std::int64_t start = cpu_ns();
        for (std::uint64_t i = 0; i < repeats; ++i) {
            peer.turn(fds.size());
        }
        const std::int64_t took = cpu_ns() - start;
        calls = tally.calls;
        // Some poll anew when their room for events was full, so a turn may be several.
        expect(calls >= repeats * fds.size() && calls % fds.size() == 0,
               std::string{peer.name} + " lost an event");
        return took;
    });
    return static_cast<double>(ns) / static_cast<double>(calls);
};

template <typename Work, typename Add, typename Measure>
std::vector<Candidate> all_peers(const Harness& harness, const EventFds& fds, Add add,
                                 Measure measure) {
    std::vector<Candidate> candidates;
    for_each_peer([&]<template <typename> typename Peer>() {
        candidates.push_back(candidate<Peer<Work>>(harness, Peer<Work>::name, fds, add, measure));
    });
    return candidates;
}

bool fits(const char* group, std::size_t n, std::size_t descriptors) {
    if (fits_open_files(descriptors)) {
        return true;
    }
    std::fprintf(stderr, "%-16s %8zu  skipped: the limit on open files is too low\n", group, n);
    return false;
}

}  // namespace

void measure_dispatch(Harness& harness) {
    if (harness.wants("one_ready")) {
        for (const std::size_t n : harness.sizes({1, 10, 100, 1000, 10'000, 100'000}, 10)) {
            if (fits("one_ready", n, n)) {
                const EventFds fds{n};
                harness.measure("one_ready", n, all_peers<Drain>(harness, fds, add_each, fire_one),
                                seconds_for(n));
            }
        }
    }
    if (harness.wants("multi_fd")) {
        for (const std::size_t n : harness.sizes({100, 1000, 4000, 10'000}, 4)) {
            if (fits("multi_fd", n, 4 * n)) {
                const EventFds fds{4 * n};
                auto candidates = all_peers<Drain>(harness, fds, add_objects, fire_one);
                // As many descriptors, each a subscriber of its own: what a Device must cost.
                candidates.push_back(
                    candidate<Eventp<Drain>>(harness, "eventp_single", fds, add_each, fire_one));
                harness.measure("multi_fd", n, std::move(candidates), seconds_for(4 * n));
            }
        }
    }
    if (harness.wants("all_ready")) {
        for (const std::size_t n : harness.sizes({16, 64, 256, 1024}, 16)) {
            const EventFds fds{n};
            harness.measure("all_ready", n, all_peers<Drain>(harness, fds, add_each, fire_all));
        }
    }
    if (harness.wants("dispatch_only")) {
        for (const std::size_t n : harness.sizes({16, 64, 256, 1024}, 16)) {
            const EventFds fds{n};
            fds.fire_all();
            harness.measure("dispatch_only", n,
                            all_peers<Count>(harness, fds, add_each, count_only));
        }
    }
}

}  // namespace bench
