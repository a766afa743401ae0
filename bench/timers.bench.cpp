// SPDX-License-Identifier: MIT
//
// Arms and cancels one more timer while many are armed: the cost of a deadline that is met.
//
// All peers get the same deadlines, random and later than the run. Compare peers that arm relative
// to a time which the loop has read earlier (libev, libuv) with at(), the row `eventp`, which reads
// no clock either; after() does, because its delay counts from the call.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <span>
#include <vector>

#include <eventp/eventp.hpp>
#include <eventp/timer.hpp>

#if defined(EVENTP_BENCH_LIBEV)
#include "peers/timers_libev.hpp"
#endif
#if defined(EVENTP_BENCH_LIBEVENT)
#include "peers/timers_libevent.hpp"
#endif
#if defined(EVENTP_BENCH_LIBUV)
#include "peers/timers_libuv.hpp"
#endif
#include "groups.hpp"
#include "sources.hpp"

namespace bench {

namespace {

using std::chrono::nanoseconds;
using std::chrono::steady_clock;

/// Whole milliseconds, as libuv needs, within a thousand seconds.
std::vector<std::int64_t> random_delays(std::size_t count) {
    std::mt19937_64 random{1};
    std::uniform_int_distribution<std::int64_t> ms{100'000, 1'100'000};
    std::vector<std::int64_t> delays(count);
    for (std::int64_t& delay : delays) {
        delay = ms(random) * 1'000'000;
    }
    return delays;
}

class EventpTimers {
public:
    explicit EventpTimers(std::span<const std::int64_t> delays) {
        for (const std::int64_t delay : delays) {
            static_cast<void>(timers_.after(nanoseconds{delay}, count_).value());
        }
    }

    std::size_t armed() { return timers_.size(); }

protected:
    struct Count {
        std::uint64_t* fired;
        void operator()() const { ++*fired; }
    };

    std::uint64_t fired_ = 0;
    Count count_{&fired_};
    eventp::Reactor reactor_;
    eventp::Timers timers_ = eventp::Timers::create(reactor_).value();
    eventp::TimerId last_;
    steady_clock::time_point start_ = steady_clock::now();
};

struct EventpAt : EventpTimers {
    using EventpTimers::EventpTimers;
    void arm(std::int64_t delay) { last_ = *timers_.at(start_ + nanoseconds{delay}, count_); }
    bool cancel() { return timers_.cancel(last_); }
};

struct EventpAfter : EventpTimers {
    using EventpTimers::EventpTimers;
    void arm(std::int64_t delay) { last_ = *timers_.after(nanoseconds{delay}, count_); }
    bool cancel() { return timers_.cancel(last_); }
};

using Delays = std::shared_ptr<const std::vector<std::int64_t>>;

/// All timers are armed again for each sample.
template <typename Timers>
Candidate candidate(const char* name, Delays delays, SampleLength length) {
    return {name, [delays = std::move(delays), length]() mutable {
                constexpr std::size_t different = 1 << 12;
                const HeapOffset offset;
                Timers timers{*delays};
                expect(timers.armed() == delays->size(), "not all timers are armed");
                const std::vector<std::int64_t> more = random_delays(different);
                std::size_t next = 0;
                const std::int64_t ns = length.time([&](std::uint64_t repeats) {
                    bool all_cancelled = true;
                    const std::int64_t start = cpu_ns();
                    for (std::uint64_t i = 0; i < repeats; ++i) {
                        timers.arm(more[next++ % different]);
                        all_cancelled &= timers.cancel();
                    }
                    const std::int64_t took = cpu_ns() - start;
                    expect(all_cancelled, "a timer was lost");
                    return took;
                });
                return static_cast<double>(ns) / static_cast<double>(length.repeats());
            }};
}

std::vector<Candidate> candidates_for(std::size_t n, SampleLength length) {
    const auto delays = std::make_shared<const std::vector<std::int64_t>>(random_delays(n));
    std::vector<Candidate> all;
    all.push_back(candidate<EventpAt>("eventp", delays, length));
    all.push_back(candidate<EventpAfter>("eventp_after", delays, length));
#if defined(EVENTP_BENCH_LIBEV)
    all.push_back(candidate<LibevTimers>("libev", delays, length));
#endif
#if defined(EVENTP_BENCH_LIBEVENT)
    all.push_back(candidate<LibeventTimers>("libevent", delays, length));
#endif
#if defined(EVENTP_BENCH_LIBUV)
    all.push_back(candidate<LibuvTimers>("libuv", delays, length));
#endif
    return all;
}

}  // namespace

void add_timers(Points& points) {
    const SampleLength length{points.is_smoke()};
    for (const std::size_t n : points.sizes({10'000, 1'000'000}, 10)) {
        const double seconds = n < 1'000'000 ? 8 : 40;
        points.add({"timers", n, 0, seconds, [n, length] { return candidates_for(n, length); }});
    }
}

}  // namespace bench
