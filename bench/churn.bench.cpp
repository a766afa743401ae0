// SPDX-License-Identifier: MIT
//
// The cost of coming and going: add + remove beside others, and a change of interest.
#include <memory>
#include <string>
#include <utility>

#include "groups.hpp"
#include "peers/all.hpp"
#include "sources.hpp"

namespace bench {

namespace {

/// `step(peer, fd, i)` for one peer that has all descriptors but the last one, `fd`.
template <typename Peer, typename Step>
Candidate candidate(SharedFds shared, SampleLength length, Step step) {
    return {Peer::name, [shared = std::move(shared), step, length]() mutable {
                const EventFds& fds = *shared;
                const HeapOffset offset;
                Tally tally;
                Peer peer{capacity_for(fds.size()), tally};
                for (const int fd : fds.numbers().first(fds.size() - 1)) {
                    peer.add(fd);
                }
                peer.turn(1);  // peers that defer reach the kernel
                const int last = fds.numbers().back();
                std::uint64_t steps = 0;
                const std::int64_t ns = length.time([&](std::uint64_t repeats) {
                    steps += repeats;
                    const std::int64_t start = cpu_ns();
                    for (std::uint64_t i = 0; i < repeats; ++i) {
                        step(peer, last, i);
                    }
                    const std::int64_t took = cpu_ns() - start;
                    peer.turn(1);  // for peers that free in a turn what was removed
                    return took;
                });
                // The registrations have survived: one event finds its handler, after the handlers
                // that a peer still has to call because of removals.
                peer.add(last);
                fds.fire(fds.size() - 1);
                for (auto turns = steps + 100; turns > 0 && tally.calls == 0; --turns) {
                    peer.turn(fds.size());
                }
                expect(tally.calls == 1, std::string{Peer::name} + " lost its registrations");
                return static_cast<double>(ns) / static_cast<double>(length.repeats());
            }};
}

template <typename Step>
Point point(const char* group, bool is_smoke, std::size_t others, bool with_deferring, Step step) {
    const double seconds = others < 10'000 ? 8 : 20;
    return {group, others, others + 1, seconds, [=] {
                const auto fds = std::make_shared<const EventFds>(others + 1);
                std::vector<Candidate> candidates;
                for_each_peer([&]<template <typename> typename Peer>() {
                    if constexpr (requires(Peer<Drain>& peer) { step(peer, 0, 0U); }) {
                        if (with_deferring || !requires { Peer<Drain>::defers; }) {
                            candidates.push_back(
                                candidate<Peer<Drain>>(fds, length_for(is_smoke, others), step));
                        }
                    }
                });
                return candidates;
            }};
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

/// For peers that can change an interest.
struct Modify {
    template <typename Peer>
        requires requires(Peer& peer) { peer.modify_last(true); }
    void operator()(Peer& peer, int /*fd*/, std::uint64_t i) const {
        peer.modify_last(i % 2 == 0);
    }
};

}  // namespace

void add_churn(Points& points) {
    const bool is_smoke = points.is_smoke();
    for (const std::size_t others : points.sizes({0, 10'000}, 10)) {
        points.add(point("churn", is_smoke, others, /*with_deferring=*/false, add_and_remove));
        points.add(point("churn_turn", is_smoke, others, /*with_deferring=*/true,
                         add_and_remove_in_turns));
    }
    points.add(point("modify", is_smoke, /*others=*/1, /*with_deferring=*/true, Modify{}));
}

}  // namespace bench
