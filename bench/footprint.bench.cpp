// SPDX-License-Identifier: MIT
//
// Memory per registration, in bytes where other groups have nanoseconds, and the cost of starting.
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

// A little less than a power of two: arrays that double their capacity are almost full.
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

/// A value and what a bare loop needs in addition, in one allocation.
template <std::size_t size>
struct Bare {
    void (*handler)(Bare& source, std::uint32_t events);
    std::array<char, size> value;
};

/// What `make` allocates for each descriptor, in addition to the `size` bytes of the user. The last
/// ones are counted only, so that no allocation is in it that is made once.
template <std::size_t size, typename Make>
double per_value(const EventFds& fds, Make make) {
    const std::size_t counted = std::min<std::size_t>(4096, fds.size() / 2);
    const auto make_all = [&make](std::span<const int> numbers) {
        for (const int fd : numbers) {
            make(fd);
        }
    };
    make_all(fds.numbers().first(fds.size() - counted));
    const double before = allocated();
    make_all(fds.numbers().last(counted));
    return (allocated() - before) / static_cast<double>(counted) - static_cast<double>(size);
}

template <std::size_t size>
std::vector<Candidate> values(const SharedFds& fds) {
    const auto made = [fds] {
        eventp::Reactor reactor;
        return per_value<size>(*fds, [&reactor](int fd) {
            auto subscriber = eventp::AnySubscriber::make<Own<size>>(fd);
            static_cast<void>(reactor.add(subscriber).value());
        });
    };
    const auto built = [fds] {
        eventp::Reactor reactor;
        return per_value<size>(*fds, [&reactor](int fd) {
            static_cast<void>(eventp::interest()
                                  .read()
                                  .with_fd(eventp::BorrowedFd{fd})
                                  .with_handler(Built<size>{})
                                  .register_into(reactor)
                                  .value());
        });
    };
    const auto bare = [fds] {
        std::vector<std::unique_ptr<Bare<size>>> sources;
        sources.reserve(fds->size());
        return per_value<size>(*fds,
                               [&sources](int /*fd*/) { sources.emplace_back(new Bare<size>{}); });
    };
    return {{"eventp", made}, {"eventp_builder", built}, {"raw_epoll", bare}};
}

/// What a library allocates for one descriptor. The list of descriptors of this benchmark is not
/// counted, nor is the value of the user (n = 0), which needs an allocation of its own.
template <typename Peer, typename Element>
Candidate library(const SharedFds& fds) {
    return {Peer::name, [fds] {
                Tally tally;
                Peer peer{capacity_for(1), tally};
                const double before = allocated();
                for (const int fd : fds->numbers()) {
                    peer.add(fd);
                }
                peer.turn(1);
                return (allocated() - before) / static_cast<double>(fds->size()) -
                       static_cast<double>(sizeof(Element));
            }};
}

std::vector<Candidate> libraries([[maybe_unused]] const SharedFds& fds) {
    return {
#if defined(EVENTP_BENCH_LIBEVENT)
        library<Libevent<Nothing>, std::unique_ptr<event>>(fds),
#endif
#if defined(EVENTP_BENCH_LIBEV)
        library<Libev<Nothing>, std::unique_ptr<ev_io>>(fds),
#endif
#if defined(EVENTP_BENCH_LIBUV)
        library<Libuv<Nothing>, std::unique_ptr<uv_poll_t>>(fds),
#endif
#if defined(EVENTP_BENCH_ASIO)
        library<Asio<Nothing>, std::shared_ptr<int>>(fds),
#endif
#if defined(EVENTP_BENCH_SD_EVENT)
        library<SdEvent<Nothing>, std::unique_ptr<sd_event_source>>(fds),
#endif
    };
}

void add_memory(Points& points) {
    const std::size_t count = points.is_smoke() ? 16 : registrations;
    const auto add = [&points, count](std::size_t n, auto make) {
        points.add({"memory_bytes", n, count, /*seconds=*/0,
                    [make, count] { return make(std::make_shared<const EventFds>(count)); }});
    };
    add(0, libraries);
    [&]<std::size_t... i>(std::index_sequence<i...>) {
        (add(8 * (i + 1), values<8 * (i + 1)>), ...);
    }(std::make_index_sequence<9>{});  // 8 to 72
}

/// Constructs a loop, adds one descriptor, takes one turn and destroys the loop.
template <typename Peer>
Candidate startup(const SharedFds& fds, SampleLength length) {
    return {Peer::name, [fds, length]() mutable {
                const HeapOffset offset;
                const std::int64_t ns = length.time([&](std::uint64_t repeats) {
                    const std::int64_t start = cpu_ns();
                    for (std::uint64_t i = 0; i < repeats; ++i) {
                        Tally tally;
                        Peer peer{capacity_for(1), tally};
                        peer.add(fds->numbers().front());
                        peer.turn(1);
                    }
                    return cpu_ns() - start;
                });
                return static_cast<double>(ns) / static_cast<double>(length.repeats());
            }};
}

}  // namespace

void add_footprint(Points& points) {
    add_memory(points);
    const SampleLength length{points.is_smoke()};
    points.add({"startup", 1, 1, /*seconds=*/5, [length] {
                    const auto fds = std::make_shared<const EventFds>(1);
                    std::vector<Candidate> candidates;
                    for_each_peer([&]<template <typename> typename Peer>() {
                        candidates.push_back(startup<Peer<Nothing>>(fds, length));
                    });
                    return candidates;
                }});
}

}  // namespace bench
