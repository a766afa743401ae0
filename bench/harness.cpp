// SPDX-License-Identifier: MIT
#include "harness.hpp"

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <iostream>
#include <span>

#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

namespace bench {

namespace {

std::int64_t read_clock(clockid_t clock) noexcept {
    timespec now{};
    static_cast<void>(clock_gettime(clock, &now));
    return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

void list(const Points& points) {
    constexpr std::size_t own = 200;  // descriptors of the process and of the peers
    const std::size_t limit = raise_open_files();
    for (const Point& point : points.all()) {
        if (point.descriptors + own > limit) {
            std::fprintf(stderr, "%-16s %8zu  skipped: the limit on open files is too low\n",
                         point.group.c_str(), point.n);
            continue;
        }
        std::printf("%s %zu %g\n", point.group.c_str(), point.n, point.seconds);
    }
}

std::vector<Candidate> prepared(const Points& points, const std::string& group, std::size_t n) {
    for (const Point& point : points.all()) {
        if (point.group == group && point.n == n) {
            return point.prepare();
        }
    }
    fail("no such point");
}

/// Prints one sample. A peer that loses an event may wait forever: SIGALRM ends the program then.
void sample(std::vector<Candidate>& candidates, std::string_view peer) {
    constexpr unsigned seconds_max = 300;
    const auto found = std::ranges::find(candidates, peer, &Candidate::peer);
    expect(found != candidates.end(), "no such peer");
    ::alarm(seconds_max);
    std::printf("%.4f\n", found->sample());
    ::alarm(0);
}

void serve(const Points& points) {
    static_cast<void>(raise_open_files());
    pin_to_core(0);
    std::vector<Candidate> candidates;
    for (std::string command; std::cin >> command;) {
        if (command == "point") {
            std::string group;
            std::size_t n = 0;
            std::cin >> group >> n;
            candidates.clear();  // closes the descriptors of the point before
            candidates = prepared(points, group, n);
            for (const Candidate& candidate : candidates) {
                std::printf("%s ", candidate.peer.c_str());
            }
            std::puts("");
        } else if (command == "sample") {
            std::string peer;
            std::cin >> peer;
            sample(candidates, peer);
        } else {
            fail("unknown command: " + command);
        }
        std::fflush(stdout);
    }
}

}  // namespace

std::int64_t cpu_ns() noexcept {
    return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

std::int64_t wall_ns() noexcept {
    return read_clock(CLOCK_MONOTONIC);
}

void fail(std::string_view why) {
    std::fprintf(stderr, "\nbench: %.*s\n", static_cast<int>(why.size()), why.data());
    std::exit(1);
}

void expect(bool holds, std::string_view otherwise) {
    if (!holds) [[unlikely]] {
        fail(otherwise);
    }
}

std::size_t raise_open_files() noexcept {
    rlimit limit{};
    static_cast<void>(getrlimit(RLIMIT_NOFILE, &limit));
    limit.rlim_cur = limit.rlim_max;
    static_cast<void>(setrlimit(RLIMIT_NOFILE, &limit));
    return limit.rlim_cur;
}

void pin_to_core(std::size_t thread) {
    static const cpu_set_t allowed = [] {
        cpu_set_t set;
        CPU_ZERO(&set);
        sched_getaffinity(0, sizeof set, &set);
        return set;
    }();
    std::vector<std::size_t> cores;
    for (std::size_t core = CPU_SETSIZE; core-- > 0;) {
        if (CPU_ISSET(core, &allowed)) {
            cores.push_back(core);
        }
    }
    if (cores.size() < 2) {
        return;
    }
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cores[thread == 0 ? 0 : 1 + (thread - 1) % (cores.size() - 1)], &one);
    static_cast<void>(pthread_setaffinity_np(pthread_self(), sizeof one, &one));
}

int run_points(int argc, char** argv, void (*add_points)(Points&)) {
    const std::span<char*> arguments{argv, static_cast<std::size_t>(argc)};
    const std::string_view what = arguments.back();
    const bool is_smoke = argc == 3 && std::string_view{arguments[1]} == "--smoke";
    expect(argc == (is_smoke ? 3 : 2) && (what == "list" || what == "serve"),
           "[--smoke] list|serve; tools/bench.py runs this program");
    Points points{is_smoke};
    add_points(points);
    if (what == "list") {
        list(points);
    } else {
        serve(points);
    }
    return 0;
}

}  // namespace bench
