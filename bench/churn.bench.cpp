// SPDX-License-Identifier: MIT
//
// What it costs to come and go: add + remove beside others, and a change of interest.
#include "groups.hpp"
#include "peers/all.hpp"
#include "sources.hpp"

namespace bench {

namespace {

/// `step(peer, fd, i)` for one peer that has all descriptors but the last one, `fd`.
template <typename Peer, typename Step>
Candidate candidate(const Harness& harness, const EventFds& fds, Step step) {
    return {Peer::name, [&fds, step, pace = Pace{harness.is_smoke()}]() mutable {
                const Shift shift;
                Tally tally;
                Peer peer{capacity_for(fds.size()), tally};
                for (const int fd : fds.numbers().first(fds.size() - 1)) {
                    peer.add(fd);
                }
                peer.turn(1);  // the kernel is told
                const int last = fds.numbers().back();
                std::uint64_t steps = 0;
                const std::int64_t ns = pace.time([&](std::uint64_t repeats) {
                    steps += repeats;
                    const std::int64_t start = cpu_ns();
                    for (std::uint64_t i = 0; i < repeats; ++i) {
                        step(peer, last, i);
                    }
                    const std::int64_t took = cpu_ns() - start;
                    peer.turn(1);  // for peers that free what was removed in a turn
                    return took;
                });
                // The registrations have survived it: one event finds its handler, behind those
                // that a peer still has to tell of their removal.
                peer.add(last);
                fds.fire(fds.size() - 1);
                for (auto turns = steps + 100; turns > 0 && tally.calls == 0; --turns) {
                    peer.turn(fds.size());
                }
                expect(tally.calls == 1, std::string{Peer::name} + " lost its registrations");
                return static_cast<double>(ns) / static_cast<double>(pace.repeats());
            }};
}

template <typename Step>
void measure_others(Harness& harness, const std::string& group, bool deferring, Step step) {
    for (const std::size_t others : harness.sizes({0, 10'000}, 10)) {
        const EventFds fds{others + 1};
        std::vector<Candidate> candidates;
        for_each_peer([&]<template <typename> typename Peer>() {
            if constexpr (requires(Peer<Drain>& peer) { step(peer, 0, 0U); }) {
                if (deferring || !requires { Peer<Drain>::defers; }) {
                    candidates.push_back(candidate<Peer<Drain>>(harness, fds, step));
                }
            }
        });
        harness.measure(group, others, std::move(candidates));
    }
}

constexpr auto add_and_remove = [](auto& peer, int fd, std::uint64_t /*i*/) {
    peer.add(fd);
    peer.remove_last();
};

constexpr auto add_and_remove_in_turns = [](auto& peer, int fd, std::uint64_t /*i*/) {
    peer.add(fd);
    peer.turn(1);
    peer.remove_last();
    peer.turn(1);
};

}  // namespace

void measure_churn(Harness& harness) {
    if (harness.wants("churn")) {
        measure_others(harness, "churn", /*deferring=*/false, add_and_remove);
    }
    if (harness.wants("churn_turn")) {
        measure_others(harness, "churn_turn", /*deferring=*/true, add_and_remove_in_turns);
    }
    if (harness.wants("modify")) {
        const EventFds fds{2};
        std::vector<Candidate> candidates;
        for_each_peer([&]<template <typename> typename Peer>() {
            if constexpr (requires(Peer<Drain>& peer) { peer.modify_last(true); }) {
                candidates.push_back(candidate<Peer<Drain>>(
                    harness, fds,
                    [](auto& peer, int /*fd*/, std::uint64_t i) { peer.modify_last(i % 2 == 0); }));
            }
        });
        harness.measure("modify", 1, std::move(candidates));
    }
}

}  // namespace bench
