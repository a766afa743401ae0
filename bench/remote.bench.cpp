// SPDX-License-Identifier: MIT
//
// Closures from other threads: posted (ns per closure from the first post until the last has run),
// and called (ns per round trip). Elapsed time, because two threads are at work.
#include <string>
#include <thread>
#include <vector>

#if defined(EVENTP_BENCH_LIBEV)
#include "peers/posts_libev.hpp"
#endif
#if defined(EVENTP_BENCH_LIBEVENT)
#include "peers/posts_libevent.hpp"
#endif
#if defined(EVENTP_BENCH_LIBUV)
#include "peers/posts_libuv.hpp"
#endif
#if defined(EVENTP_BENCH_ASIO)
#include "peers/posts_asio.hpp"
#endif
#include "groups.hpp"
#include "peers/posts.hpp"
#include "peers/posts_eventp.hpp"
#include "sources.hpp"
#include "work.hpp"

namespace bench {

namespace {

// Long enough that the start of a thread does not count.
constexpr std::int64_t target_ns = 10'000'000;
constexpr std::uint64_t posts_min = 20'000;
constexpr std::uint64_t calls_min = 100;

template <typename Posts>
Candidate posting(bool is_smoke, std::size_t producers) {
    return {Posts::name,
            [producers, length = SampleLength{is_smoke, target_ns, posts_min}]() mutable {
                const HeapOffset offset;
                Posts posts;
                Tally tally;
                tally.stop_with(posts);
                const std::int64_t ns = length.time([&](std::uint64_t repeats) {
                    tally.stop_at = tally.calls + repeats * producers;
                    const std::int64_t start = wall_ns();
                    std::vector<std::jthread> threads;
                    for (std::size_t i = 0; i < producers; ++i) {
                        threads.emplace_back([&, i] {
                            pin_to_core(i + 1);
                            for (std::uint64_t post = 0; post < repeats; ++post) {
                                posts.post([&tally] { tally.count_and_stop(); });
                            }
                        });
                    }
                    posts.run();
                    const std::int64_t took = wall_ns() - start;
                    threads.clear();
                    expect(tally.calls == tally.stop_at, "a post was lost");
                    return took;
                });
                return static_cast<double>(ns) / static_cast<double>(length.repeats() * producers);
            }};
}

template <typename Posts>
Candidate calling(bool is_smoke) {
    return {Posts::name, [length = SampleLength{is_smoke, target_ns, calls_min}]() mutable {
                const HeapOffset offset;
                Posts posts;
                const std::int64_t ns = length.time([&](std::uint64_t repeats) {
                    std::int64_t took = 0;
                    const std::jthread caller{[&] {
                        pin_to_core(1);
                        posts.call();
                        const std::int64_t start = wall_ns();
                        for (std::uint64_t call = 0; call < repeats; ++call) {
                            posts.call();
                        }
                        took = wall_ns() - start;
                        posts.post([&posts] { posts.stop(); });
                    }};
                    posts.run();
                    return took;
                });
                return static_cast<double>(ns) / static_cast<double>(length.repeats());
            }};
}

template <typename Visit>
void for_each_posts(Visit visit) {
    visit.template operator()<LockedPosts<RawWaker>>();
    visit.template operator()<EventpPosts>();
#if defined(EVENTP_BENCH_LIBEVENT)
    visit.template operator()<LockedPosts<LibeventWaker>>();
#endif
#if defined(EVENTP_BENCH_LIBEV)
    visit.template operator()<LockedPosts<LibevWaker>>();
#endif
#if defined(EVENTP_BENCH_LIBUV)
    visit.template operator()<LockedPosts<LibuvWaker>>();
#endif
#if defined(EVENTP_BENCH_ASIO)
    visit.template operator()<AsioPosts>();
#endif
}

}  // namespace

void add_remote(Points& points) {
    const bool is_smoke = points.is_smoke();
    for (const std::size_t producers : points.sizes({1, 2}, 2)) {
        points.add({"post", producers, 0, /*seconds=*/8, [=] {
                        std::vector<Candidate> candidates;
                        for_each_posts([&]<typename Posts>() {
                            candidates.push_back(posting<Posts>(is_smoke, producers));
                        });
                        return candidates;
                    }});
    }
    points.add({"call", 1, 0, /*seconds=*/8, [=] {
                    std::vector<Candidate> candidates;
                    for_each_posts(
                        [&]<typename Posts>() { candidates.push_back(calling<Posts>(is_smoke)); });
                    return candidates;
                }});
}

}  // namespace bench
