// SPDX-License-Identifier: MIT
//
// instructions PEER TURNS: so many turns with all of 256 ready, for callgrind to count. PEER may
// also be "list". tools/bench_instructions.py makes figures of it.
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "peers/all.hpp"
#include "sources.hpp"

int main(int argc, char** argv) {
    using namespace bench;
    if (argc < 2) {
        fail("PEER TURNS");
    }
    const std::string_view wanted = argv[1];
    const std::uint64_t turns = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 0;
    constexpr std::size_t ready = 256;
    bool is_found = wanted == "list";
    for_each_peer([&]<template <typename> typename Peer>() {
        if (wanted == "list") {
            std::puts(Peer<Nothing>::name);
        } else if (wanted == Peer<Nothing>::name) {
            is_found = true;
            const EventFds fds{ready};
            fds.fire_all();
            Tally tally;
            Peer<Nothing> peer{capacity_for(ready), tally};
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
    });
    expect(is_found, "no such peer");
}
