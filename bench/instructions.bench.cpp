// SPDX-License-Identifier: MIT
//
// instructions PEER READY TIMES: so many turns with READY events in each, for callgrind to count;
// when READY is 0, so many descriptors come and go. PEER may also be "list".
// tools/bench_instructions.py makes figures of it.
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "peers/all.hpp"
#include "sources.hpp"

namespace bench {

namespace {

template <typename Peer>
void take_turns(std::size_t ready, std::uint64_t turns) {
    const EventFds fds{ready};
    fds.fire_all();
    Tally tally;
    Peer peer{capacity_for(ready), tally};
    for (const int fd : fds.numbers()) {
        peer.add(fd);
    }
    for (int i = 0; i < 16; ++i) {
        peer.turn(1);  // until the room for events has grown
    }
    for (std::uint64_t i = 0; i < turns; ++i) {
        peer.turn(ready);
    }
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

template <typename Peer>
void measure(std::size_t ready, std::uint64_t times) {
    if (ready != 0) {
        take_turns<Peer>(ready, times);
    } else {
        come_and_go<Peer>(times);
    }
}

}  // namespace

}  // namespace bench

int main(int argc, char** argv) {
    using namespace bench;
    const std::string_view wanted = argc > 1 ? argv[1] : "";
    bool is_found = wanted == "list";
    for_each_peer([&]<template <typename> typename Peer>() {
        if (wanted == "list") {
            std::puts(Peer<Nothing>::name);
        } else if (wanted == Peer<Nothing>::name && argc == 4) {
            is_found = true;
            measure<Peer<Nothing>>(std::strtoull(argv[2], nullptr, 10),
                                   std::strtoull(argv[3], nullptr, 10));
        }
    });
    expect(is_found, "PEER READY TIMES, or list");
}
