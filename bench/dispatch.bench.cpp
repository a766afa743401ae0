// SPDX-License-Identifier: MIT
//
// From the kernel's report to the handler: one ready among many, several descriptors per object,
// all ready at once, and handlers that only count. The rows `*_run` are of turns inside run(), all
// others of single turns.
#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "groups.hpp"
#include "peers/all.hpp"
#include "sources.hpp"

namespace bench {

namespace {

/// Takes turns until everything that was fired is handled. That is one turn, except for peers whose
/// room for events grows.
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

[[nodiscard]] double each(std::int64_t ns, std::uint64_t operations) {
    return static_cast<double>(ns) / static_cast<double>(operations);
}

/// A sample that takes longer to prepare gets more time, and there are still fewer samples.
[[nodiscard]] double seconds_for(std::size_t descriptors) {
    return descriptors < 10'000 ? 8 : 40;
}

/// A peer is made for each sample.
template <typename Peer, typename Add, typename Measure>
Candidate candidate(std::string name, SharedFds fds, SampleLength length, Add add,
                    Measure measure) {
    return {std::move(name), [fds = std::move(fds), add, measure, length]() mutable {
                const HeapOffset offset;
                Tally tally;
                Peer peer{capacity_for(fds->size()), tally};
                add(peer, fds->numbers());
                for (int turns = 0; turns < 16; ++turns) {
                    peer.turn(1);  // peers that defer reach the kernel; room for events grows
                }
                return measure(peer, tally, *fds, length);
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

constexpr auto fire_one = [](auto& peer, const Tally& tally, const EventFds& fds,
                             SampleLength& length) {
    FiringOrder order{fds};
    std::uint64_t fired = 0;
    const std::int64_t ns = length.time([&](std::uint64_t repeats) {
        const std::int64_t start = cpu_ns();
        for (std::uint64_t i = 0; i < repeats; ++i) {
            order.fire_next();
            turn_until(peer, tally, ++fired, 1);
        }
        return cpu_ns() - start;
    });
    expect_exact(peer.name, tally, fired);
    return each(ns, length.repeats());
};

/// The same system calls in the same order, inside one run(): each handler fires the next.
constexpr auto fire_one_in_run = [](auto& peer, Tally& tally, const EventFds& fds,
                                    SampleLength& length) {
    FiringOrder order{fds};
    tally.order = &order;
    tally.stop_with(peer);
    const std::int64_t ns = length.time([&](std::uint64_t repeats) {
        tally.stop_at = tally.calls + repeats;
        const std::int64_t start = cpu_ns();
        order.fire_next();
        peer.run();
        const std::int64_t took = cpu_ns() - start;
        expect_exact(peer.name, tally, tally.stop_at);
        return took;
    });
    return each(ns, length.repeats());
};

constexpr auto fire_all = [](auto& peer, const Tally& tally, const EventFds& fds,
                             SampleLength& length) {
    std::uint64_t fired = 0;
    const std::int64_t ns = length.time([&](std::uint64_t repeats) {
        const std::int64_t start = cpu_ns();
        for (std::uint64_t i = 0; i < repeats; ++i) {
            fds.fire_all();
            turn_until(peer, tally, fired += fds.size(), fds.size());
        }
        return cpu_ns() - start;
    });
    expect_exact(peer.name, tally, fired);
    return each(ns, length.repeats() * fds.size());
};

/// Everything is ready all the time.
constexpr auto count_only = [](auto& peer, Tally& tally, const EventFds& fds,
                               SampleLength& length) {
    std::uint64_t calls = 0;
    const std::int64_t ns = length.time([&](std::uint64_t repeats) {
        tally.calls = 0;
        const std::int64_t start = cpu_ns();
        for (std::uint64_t i = 0; i < repeats; ++i) {
            peer.turn(fds.size());
        }
        const std::int64_t took = cpu_ns() - start;
        calls = tally.calls;
        // Some peers poll again when their room for events was full, so a turn may be several.
        expect(calls >= repeats * fds.size() && calls % fds.size() == 0,
               std::string{peer.name} + " lost an event");
        return took;
    });
    return each(ns, calls);
};

constexpr auto count_only_in_run = [](auto& peer, Tally& tally, const EventFds& fds,
                                      SampleLength& length) {
    tally.stop_with(peer);
    const std::int64_t ns = length.time([&](std::uint64_t repeats) {
        tally.stop_at = tally.calls + repeats * fds.size();
        const std::int64_t start = cpu_ns();
        peer.run();
        const std::int64_t took = cpu_ns() - start;
        expect_exact(peer.name, tally, tally.stop_at);
        return took;
    });
    return each(ns, length.repeats() * fds.size());
};

template <typename Work, typename Add, typename Measure>
std::vector<Candidate> all_peers(const SharedFds& fds, SampleLength length, Add add,
                                 Measure measure) {
    std::vector<Candidate> candidates;
    for_each_peer([&]<template <typename> typename Peer>() {
        candidates.push_back(candidate<Peer<Work>>(Peer<Work>::name, fds, length, add, measure));
    });
    return candidates;
}

/// eventp and the floor, with turns inside run().
template <typename Work, typename Measure>
void append_in_run(std::vector<Candidate>& candidates, const SharedFds& fds, SampleLength length,
                   Measure measure) {
    candidates.push_back(
        candidate<RawEpoll<Work>>("raw_epoll_run", fds, length, add_each, measure));
    candidates.push_back(candidate<Eventp<Work>>("eventp_run", fds, length, add_each, measure));
}

}  // namespace

void add_dispatch(Points& points) {
    for (const std::size_t n : points.sizes({1, 10, 100, 1000, 10'000, 100'000}, 10)) {
        const SampleLength length = length_for(points.is_smoke(), n);
        points.add({"one_ready", n, n, seconds_for(n), [n, length] {
                        const auto fds = std::make_shared<const EventFds>(n);
                        auto candidates = all_peers<Drain>(fds, length, add_each, fire_one);
                        append_in_run<DrainAndFire>(candidates, fds, length, fire_one_in_run);
                        return candidates;
                    }});
    }
    for (const std::size_t n : points.sizes({100, 1000, 4000, 10'000}, 4)) {
        const SampleLength length = length_for(points.is_smoke(), 4 * n);
        points.add({"multi_fd", n, 4 * n, seconds_for(4 * n), [n, length] {
                        const auto fds = std::make_shared<const EventFds>(4 * n);
                        auto candidates = all_peers<Drain>(fds, length, add_objects, fire_one);
                        // The bound on the cost of a Device: as many subscribers with one each.
                        candidates.push_back(candidate<Eventp<Drain>>("eventp_single", fds, length,
                                                                      add_each, fire_one));
                        return candidates;
                    }});
    }
    for (const std::size_t n : points.sizes({16, 64, 256, 1024}, 16)) {
        const SampleLength length = length_for(points.is_smoke(), n);
        points.add({"all_ready", n, n, seconds_for(n), [n, length] {
                        const auto fds = std::make_shared<const EventFds>(n);
                        return all_peers<Drain>(fds, length, add_each, fire_all);
                    }});
        points.add({"dispatch_only", n, n, seconds_for(n), [n, length] {
                        const auto fds = std::make_shared<const EventFds>(n);
                        fds->fire_all();
                        auto candidates = all_peers<Count>(fds, length, add_each, count_only);
                        append_in_run<CountAndStop>(candidates, fds, length, count_only_in_run);
                        return candidates;
                    }});
    }
}

}  // namespace bench
