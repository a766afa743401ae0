// SPDX-License-Identifier: MIT
//
// The wait is replaced by one that replays a batch, so that only the code around handlers is timed:
// a program of its own, because it defines every system call of src/sys and the libc's epoll calls
// of the bare loop itself. With a million subscribers the subscriber of each event is cold.
#include <algorithm>
#include <cstring>
#include <deque>
#include <random>

#include <sys/epoll.h>

#include "harness.hpp"
#include "peers/design_siphash.hpp"
#include "peers/design_token_table.hpp"
#include "peers/eventp.hpp"
#include "peers/raw_epoll.hpp"
#include "sources.hpp"
#include "sys/syscall.hpp"

namespace bench {

namespace {

constexpr int first_set = 1 << 30;
constexpr int wakeup = 1 << 29;
constexpr std::size_t batch_size = 256;

/// Replaces one epoll instance: reports its entries, `batch_size` at a time, over and over.
class Replay {
public:
    static int create() {
        all().emplace_back();
        return first_set + static_cast<int>(all().size()) - 1;
    }
    /// Forgets the instances of peers that were destroyed.
    static void clear() { all().clear(); }
    static void shuffle_all() {
        for (Replay& each : all()) {
            std::ranges::shuffle(each.entries_, std::mt19937{1});
        }
    }
    static Replay& of(int set) { return all()[static_cast<std::size_t>(set - first_set)]; }

    void add(int fd, const epoll_event& event) {
        if (fd != wakeup) {
            entries_.push_back(event);
        }
    }

    [[gnu::noinline]] int wait(epoll_event* events, int capacity) {
        const std::size_t count =
            std::min({entries_.size(), batch_size, static_cast<std::size_t>(capacity)});
        // A batch of all entries is in the buffer since the last time.
        if (filled_ != events || count < entries_.size()) {
            next_ = next_ + count > entries_.size() ? 0 : next_;
            std::copy_n(entries_.begin() + static_cast<std::ptrdiff_t>(next_), count, events);
            next_ += count;
            filled_ = events;
        }
        return static_cast<int>(count);
    }

private:
    static std::deque<Replay>& all() {
        static std::deque<Replay> sets;
        return sets;
    }

    std::vector<epoll_event> entries_;
    std::size_t next_ = 0;
    const epoll_event* filled_ = nullptr;
};

template <typename Peer>
Candidate candidate(std::size_t n, SampleLength length) {
    return {Peer::name, [n, length]() mutable {
                const HeapOffset offset;
                Replay::clear();
                Tally tally;
                Peer peer{batch_size, tally};
                for (std::size_t fd = 0; fd < n; ++fd) {
                    peer.add(static_cast<int>(fd));
                }
                if (n > batch_size) {
                    Replay::shuffle_all();
                }
                const std::size_t ready = std::min(n, batch_size);
                const std::int64_t ns = length.time([&](std::uint64_t repeats) {
                    tally.calls = 0;
                    const std::int64_t start = cpu_ns();
                    for (std::uint64_t i = 0; i < repeats; ++i) {
                        peer.turn(ready);
                    }
                    const std::int64_t took = cpu_ns() - start;
                    expect(tally.calls == repeats * ready, "an event was lost");
                    return took;
                });
                return static_cast<double>(ns) / static_cast<double>(length.repeats() * ready);
            }};
}

void add_kernel_free(Points& points) {
    const SampleLength length{points.is_smoke()};
    const std::size_t million = points.is_smoke() ? 1000 : 1'000'000;
    for (const std::size_t n : {std::size_t{16}, batch_size, million}) {
        points.add({"kernel_free", n, 0, /*seconds=*/n > batch_size ? 40.0 : 8.0, [n, length] {
                        return std::vector{candidate<RawEpoll<Count>>(n, length),
                                           candidate<Eventp<Count>>(n, length),
                                           candidate<DesignTokenTable<Count>>(n, length),
                                           candidate<DesignSiphash<Count>>(n, length)};
                    }});
    }
}

}  // namespace

}  // namespace bench

// What the peers call.

int epoll_create1(int /*flags*/) noexcept {
    return bench::Replay::create();
}

int epoll_ctl(int set, int operation, int fd, epoll_event* event) noexcept {
    if (operation == EPOLL_CTL_ADD) {
        bench::Replay::of(set).add(fd, *event);
    }
    return 0;
}

int epoll_wait(int set, epoll_event* events, int capacity, int /*timeout_ms*/) {
    return bench::Replay::of(set).wait(events, capacity);
}

// What the library calls: sys/syscall.hpp, all of it, so that ours is not linked. Qualified, so
// that a name that the header does not declare is an error, not another function.
int eventp::sys::epoll_create() noexcept {
    return bench::Replay::create();
}
int eventp::sys::epoll_add(int set, int fd, std::uint32_t events, void* data) noexcept {
    epoll_event event{};
    event.events = events;
    event.data.ptr = data;
    bench::Replay::of(set).add(fd, event);
    return 0;
}
int eventp::sys::epoll_modify(int /*set*/, int /*fd*/, std::uint32_t /*events*/,
                              void* /*data*/) noexcept {
    return 0;
}
int eventp::sys::epoll_remove(int /*set*/, int /*fd*/) noexcept {
    return 0;
}
int eventp::sys::epoll_wait(int set, epoll_event* events, int capacity,
                            std::int64_t /*timeout_ns*/) {
    return bench::Replay::of(set).wait(events, capacity);
}
int eventp::sys::epoll_wait_ms(int set, epoll_event* events, int capacity, int /*timeout_ms*/) {
    return bench::Replay::of(set).wait(events, capacity);
}
int eventp::sys::eventfd() noexcept {
    return bench::wakeup;
}
int eventp::sys::eventfd_add(int /*fd*/) noexcept {
    return 0;
}
int eventp::sys::eventfd_drain(int /*fd*/) noexcept {
    return 0;
}
int eventp::sys::replace(int /*from*/, int to) noexcept {
    return to;
}
bool eventp::sys::is_open(int /*fd*/) noexcept {
    return true;
}
void eventp::sys::close(int /*fd*/) noexcept {}
int eventp::sys::wait_readable(int /*fd*/, std::int64_t /*timeout_ns*/) {
    return 0;
}

int main(int argc, char** argv) {
    return bench::run_points(argc, argv, bench::add_kernel_free);
}
