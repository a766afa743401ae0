// SPDX-License-Identifier: MIT
//
// instructions PEER turns|run|churn READY TIMES, for callgrind to count:
//   turns  TIMES turns with READY events in each
//   run    the same inside one run(), with a handler that counts, to stop it
//   churn  TIMES times a descriptor is added and removed
// "instructions list" prints the peers. tools/bench_instructions.py derives the figures.
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "peers/all.hpp"
#include "sources.hpp"

namespace bench {

namespace {

template <typename Peer>
void prepare(Peer& peer, const EventFds& fds) {
    fds.fire_all();
    for (const int fd : fds.numbers()) {
        peer.add(fd);
    }
    for (int i = 0; i < 16; ++i) {
        peer.turn(1);  // until the room for events has grown
    }
}

template <typename Peer>
void take_turns(std::size_t ready, std::uint64_t turns) {
    const EventFds fds{ready};
    Tally tally;
    Peer peer{capacity_for(ready), tally};
    prepare(peer, fds);
    for (std::uint64_t i = 0; i < turns; ++i) {
        peer.turn(ready);
    }
}

template <typename Peer>
void run(std::size_t ready, std::uint64_t turns) {
    const EventFds fds{ready};
    Tally tally;
    Peer peer{capacity_for(ready), tally};
    prepare(peer, fds);
    tally.stop_with(peer);
    tally.stop_at = tally.calls + turns * ready;
    peer.run();
}

template <typename Peer>
void come_and_go(std::uint64_t times) {
    const EventFds fds{1};
    Tally tally;
    Peer peer{capacity_for(1), tally};
    for (std::uint64_t i = 0; i < times; ++i) {
        peer.add(fds.numbers().front());
        peer.remove_last();
    }
}

template <template <typename> typename Peer>
bool measure(std::string_view what, std::size_t ready, std::uint64_t times) {
    if (what == "turns") {
        take_turns<Peer<Nothing>>(ready, times);
    } else if (what == "run") {
        run<Peer<CountAndStop>>(ready, times);
    } else if (what == "churn") {
        come_and_go<Peer<Nothing>>(times);
    } else {
        return false;
    }
    return true;
}

}  // namespace

}  // namespace bench

int main(int argc, char** argv) {
    using namespace bench;
    const std::string_view wanted = argc > 1 ? argv[1] : "";
    bool is_done = wanted == "list";
    for_each_peer([&]<template <typename> typename Peer>() {
        if (wanted == "list") {
            std::puts(Peer<Nothing>::name);
        } else if (wanted == Peer<Nothing>::name && argc == 5) {
            is_done = measure<Peer>(argv[2], std::strtoull(argv[3], nullptr, 10),
                                    std::strtoull(argv[4], nullptr, 10));
        }
    });
    expect(is_done, "PEER turns|run|churn READY TIMES, or list");
}
