// SPDX-License-Identifier: MIT
//
// Memory per registration, and what it takes to begin. Bytes stand where times do otherwise.
#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include <malloc.h>

#include "groups.hpp"
#include "peers/all.hpp"
#include "sources.hpp"

namespace bench {

namespace {

// A little less than a power of two: lists that double have hardly any room to spare.
constexpr std::size_t registrations = 8000;

[[nodiscard]] double allocated() {
    const struct mallinfo2 info = ::mallinfo2();
    return static_cast<double>(info.uordblks) + static_cast<double>(info.hblkhd);
}

/// A subscriber of the user's own, `size` bytes.
template <std::size_t size>
class Own {
public:
    explicit Own(int fd) : fd_{fd} {}
    [[nodiscard]] int fd() const { return fd_; }
    [[nodiscard]] static eventp::Interest interest() { return eventp::interest().read(); }
    void handle() const {}

private:
    int fd_;
    std::array<char, size - sizeof(int)> rest_{};
};

/// A handler of pointers that is `size` bytes with its descriptor.
template <std::size_t size>
struct Built {
    std::array<void*, size / sizeof(void*) - 1> rest{};
    void operator()() const {}
};
template <>
struct Built<8> {
    int rest = 0;
    void operator()() const {}
};

/// A value and what a bare loop needs beside it, in one allocation.
template <std::size_t size>
struct Bare {
    void (*handler)(Bare& source, std::uint32_t events);
    std::array<char, size> value;
};

/// What `make` allocates for each descriptor, beside the `size` bytes that are the user's. Counted
/// are the last of them, so that what there is once is not.
template <std::size_t size, typename Make>
void record_value(Harness& harness, const char* peer, const EventFds& fds, Make make) {
    const std::size_t counted = std::min<std::size_t>(4096, fds.size() / 2);
    const auto make_all = [&make](std::span<const int> numbers) {
        for (const int fd : numbers) {
            make(fd);
        }
    };
    make_all(fds.numbers().first(fds.size() - counted));
    const double before = allocated();
    make_all(fds.numbers().last(counted));
    harness.record(
        "memory_bytes", peer, size,
        (allocated() - before) / static_cast<double>(counted) - static_cast<double>(size));
}

template <std::size_t size>
void record_values(Harness& harness, const EventFds& fds) {
    {
        eventp::Reactor reactor;
        record_value<size>(harness, "eventp", fds, [&reactor](int fd) {
            auto subscriber = eventp::AnySubscriber::make<Own<size>>(fd);
            static_cast<void>(reactor.add(subscriber).value());
        });
    }
    {
        eventp::Reactor reactor;
        record_value<size>(harness, "eventp_builder", fds, [&reactor](int fd) {
            static_cast<void>(eventp::interest()
                                  .read()
                                  .with_fd(eventp::BorrowedFd{fd})
                                  .with_handler(Built<size>{})
                                  .register_into(reactor)
                                  .value());
        });
    }
    std::vector<std::unique_ptr<Bare<size>>> sources;
    sources.reserve(fds.size());
    record_value<size>(harness, "raw_epoll", fds,
                       [&sources](int /*fd*/) { sources.emplace_back(new Bare<size>{}); });
}

/// What a library holds for one descriptor. The user's own value comes on top, in an allocation of
/// its own (n = 0).
template <typename Peer>
void record_library(Harness& harness, const EventFds& fds, std::size_t in_our_list) {
    Tally tally;
    Peer peer{capacity_for(1), tally};
    const double before = allocated();
    for (const int fd : fds.numbers()) {
        peer.add(fd);
    }
    peer.turn(1);
    harness.record("memory_bytes", Peer::name, 0,
                   (allocated() - before) / static_cast<double>(fds.size()) -
                       static_cast<double>(in_our_list));
}

void measure_memory(Harness& harness) {
    const EventFds fds{harness.is_smoke() ? 16 : registrations};
    [&]<std::size_t... i>(std::index_sequence<i...>) {
        (record_values<8 * (i + 1)>(harness, fds), ...);
    }(std::make_index_sequence<9>{});  // 8 to 72
#if defined(EVENTP_BENCH_LIBEVENT)
    record_library<Libevent<Nothing>>(harness, fds, sizeof(std::unique_ptr<event>));
#endif
#if defined(EVENTP_BENCH_LIBEV)
    record_library<Libev<Nothing>>(harness, fds, sizeof(std::unique_ptr<ev_io>));
#endif
#if defined(EVENTP_BENCH_LIBUV)
    record_library<Libuv<Nothing>>(harness, fds, sizeof(std::unique_ptr<uv_poll_t>));
#endif
#if defined(EVENTP_BENCH_ASIO)
    record_library<Asio<Nothing>>(harness, fds, sizeof(std::shared_ptr<int>));
#endif
#if defined(EVENTP_BENCH_SD_EVENT)
    record_library<SdEvent<Nothing>>(harness, fds, sizeof(std::unique_ptr<sd_event_source>));
#endif
}

/// A loop is made, takes one descriptor, turns once, and ends.
void measure_startup(Harness& harness) {
    const EventFds fds{1};
    std::vector<Candidate> candidates;
    for_each_peer([&]<template <typename> typename Peer>() {
        candidates.push_back({Peer<Nothing>::name, [&, pace = Pace{harness.is_smoke()}]() mutable {
                                  const std::int64_t ns = pace.time([&](std::uint64_t repeats) {
                                      const std::int64_t start = cpu_ns();
                                      for (std::uint64_t i = 0; i < repeats; ++i) {
                                          Tally tally;
                                          Peer<Nothing> peer{capacity_for(1), tally};
                                          peer.add(fds.numbers().front());
                                          peer.turn(1);
                                      }
                                      return cpu_ns() - start;
                                  });
                                  return static_cast<double>(ns) /
                                         static_cast<double>(pace.repeats());
                              }});
    });
    harness.measure("startup", 1, std::move(candidates), /*seconds=*/5);
}

}  // namespace

void measure_footprint(Harness& harness) {
    if (harness.wants("memory_bytes")) {
        measure_memory(harness);
    }
    if (harness.wants("startup")) {
        measure_startup(harness);
    }
}

}  // namespace bench
