// SPDX-License-Identifier: MIT
//
// The wait replaced by one that replays a batch, so that only the code around handlers is timed: a
// program of its own, because it defines every system call of src/sys and the libc's epoll calls
// of the bare loop itself. With a million subscribers each event meets a cold one.
#include <algorithm>
#include <cstring>
#include <deque>
#include <random>

#include <sys/epoll.h>

#include "options.hpp"
#include "peers/eventp.hpp"
#include "peers/raw_epoll.hpp"
#include "peers/shape_siphash.hpp"
#include "peers/shape_token_table.hpp"
#include "sources.hpp"
#include "sys/syscall.hpp"

namespace bench {

namespace {

constexpr int first_set = 1 << 30;
constexpr int wakeup = 1 << 29;
constexpr std::size_t batch_size = 256;

/// What stands for one epoll set: reports its entries, `batch_size` at a time, for ever.
class Replay {
public:
    static int create() {
        all().emplace_back();
        return first_set + static_cast<int>(all().size()) - 1;
    }
    static Replay& of(int set) { return all()[static_cast<std::size_t>(set - first_set)]; }

    void add(int fd, const epoll_event& event) {
        if (fd != wakeup) {
            entries_.push_back(event);
        }
    }
    void shuffle() { std::ranges::shuffle(entries_, std::mt19937{1}); }

    [[gnu::noinline]] int wait(epoll_event* events, int capacity) {
        const std::size_t count =
            std::min({entries_.size(), batch_size, static_cast<std::size_t>(capacity)});
        // A batch that is all there is lies in the buffer since the last time.
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
Candidate candidate(const Harness& harness, std::size_t n) {
    struct Loop {
        explicit Loop(std::size_t count) : peer{batch_size, tally} {
            for (std::size_t fd = 0; fd < count; ++fd) {
                peer.add(static_cast<int>(fd));
            }
        }
        Tally tally;
        Peer peer;
    };
    const std::size_t ready = std::min(n, batch_size);
    return {Peer::name,
            [loop = std::make_shared<Loop>(n), ready, pace = Pace{harness.is_smoke()}]() mutable {
                const std::int64_t ns = pace.time([&](std::uint64_t repeats) {
                    loop->tally.calls = 0;
                    const std::int64_t start = cpu_ns();
                    for (std::uint64_t i = 0; i < repeats; ++i) {
                        loop->peer.turn(ready);
                    }
                    const std::int64_t took = cpu_ns() - start;
                    expect(loop->tally.calls == repeats * ready, "an event was lost");
                    return took;
                });
                return static_cast<double>(ns) / static_cast<double>(pace.repeats() * ready);
            }};
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

// What the library calls: sys/syscall.hpp, all of it, so that ours is not linked.
namespace eventp::sys {

int epoll_create() noexcept {
    return bench::Replay::create();
}
int epoll_add(int set, int fd, std::uint32_t events, void* data) noexcept {
    epoll_event event{};
    event.events = events;
    event.data.ptr = data;
    bench::Replay::of(set).add(fd, event);
    return 0;
}
int epoll_modify(int /*set*/, int /*fd*/, std::uint32_t /*events*/, void* /*data*/) noexcept {
    return 0;
}
int epoll_remove(int /*set*/, int /*fd*/) noexcept {
    return 0;
}
int epoll_wait(int set, epoll_event* events, int capacity, std::int64_t /*timeout_ns*/) {
    return bench::Replay::of(set).wait(events, capacity);
}
int epoll_wait_ms(int set, epoll_event* events, int capacity, int /*timeout_ms*/) {
    return bench::Replay::of(set).wait(events, capacity);
}
int eventfd() noexcept {
    return bench::wakeup;
}
int eventfd_add(int /*fd*/) noexcept {
    return 0;
}
int eventfd_drain(int /*fd*/) noexcept {
    return 0;
}
int replace(int /*from*/, int to) noexcept {
    return to;
}
bool is_open(int /*fd*/) noexcept {
    return true;
}
void close(int /*fd*/) noexcept {}
void* map_wiped_on_fork() noexcept {
    static std::deque<std::array<std::max_align_t, 128>> pages;
    return &pages.emplace_back();
}
void unmap_wiped_on_fork(void* /*page*/) noexcept {}

}  // namespace eventp::sys

int main(int argc, char** argv) {
    using namespace bench;
    Harness harness{options_from(argc, argv)};
    if (harness.wants("kernel_free")) {
        const std::size_t million = harness.is_smoke() ? 1000 : 1'000'000;
        for (const std::size_t n : {std::size_t{16}, batch_size, million}) {
            const int sets_before = Replay::create();
            std::vector<Candidate> candidates{candidate<RawEpoll<Count>>(harness, n),
                                              candidate<Eventp<Count>>(harness, n),
                                              candidate<ShapeTokenTable<Count>>(harness, n),
                                              candidate<ShapeSiphash<Count>>(harness, n)};
            if (n > batch_size) {
                const int sets_now = Replay::create();
                for (int set = sets_before; set < sets_now; ++set) {
                    Replay::of(set).shuffle();
                }
            }
            harness.measure("kernel_free", n, std::move(candidates));
        }
    }
    return harness.finish() ? 0 : 3;
}
