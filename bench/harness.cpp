// SPDX-License-Identifier: MIT
#include "harness.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <random>

#include <pthread.h>
#include <sched.h>
#include <unistd.h>

namespace bench {

namespace {

constexpr std::size_t samples_min = 11;
constexpr std::size_t rounds_max = 1000;

std::int64_t read_clock(clockid_t clock) noexcept {
    timespec now{};
    static_cast<void>(clock_gettime(clock, &now));
    return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

double median_of(std::vector<double>& values) {
    std::ranges::sort(values);
    const std::size_t half = values.size() / 2;
    return values.size() % 2 != 0 ? values[half] : (values[half - 1] + values[half]) / 2;
}

/// A candidate and what it has shown so far.
struct Measured {
    Candidate candidate;
    std::vector<double> samples;
    double spent_ns;

    [[nodiscard]] std::size_t count() const noexcept { return samples.size(); }
    /// Returns the time that it took, with all preparations.
    double take_sample() {
        const std::int64_t start = wall_ns();
        samples.push_back(candidate.sample());
        const auto took = static_cast<double>(wall_ns() - start);
        spent_ns += took;
        return took;
    }
};

/// "one_ready 1000  [######      ]  52 rounds", over itself on a terminal.
void show_progress(const std::string& group, std::size_t n, double done, std::size_t rounds) {
    constexpr int width = 30;
    const bool is_terminal = isatty(STDERR_FILENO) != 0;
    if (!is_terminal && done < 1) {
        return;
    }
    std::string bar(width, ' ');
    std::fill_n(bar.begin(), std::min(width, static_cast<int>(done * width)), '#');
    std::fprintf(stderr, "%s%-16s %8zu  [%s] %4zu rounds%s", is_terminal ? "\r" : "", group.c_str(),
                 n, bar.c_str(), rounds, done < 1 ? "" : "\n");
    std::fflush(stderr);
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

Harness::Harness(Options options) : options_{std::move(options)} {
    pin_to_core(0);
}

bool Harness::wants(const std::string& group) {
    return options_.groups.empty() || options_.groups.contains(group);
}

void Harness::measure(const std::string& group, std::size_t n, std::vector<Candidate> candidates,
                      double seconds) {
    if (!options_.peers.empty()) {
        std::erase_if(candidates, [this](const Candidate& candidate) {
            return !options_.peers.contains(candidate.peer);
        });
    }
    if (candidates.empty() || (!options_.points.empty() && !options_.points.contains(n))) {
        return;
    }
    std::vector<Measured> all;
    for (Candidate& candidate : candidates) {
        if (!options_.is_smoke) {
            static_cast<void>(candidate.sample());  // finds its pace
        }
        all.push_back({std::move(candidate), {}, 0});
    }
    std::vector<Measured*> order;
    for (Measured& one : all) {
        order.push_back(&one);
    }
    // With twice the mean share of the time a slow peer still ends up with fewer samples than the
    // others, and does not take theirs.
    const double share_max = 2 / static_cast<double>(all.size());
    const double budget_ns = seconds * options_.budget * 1e9;
    const std::size_t needed = options_.is_smoke ? 1 : samples_min;
    std::mt19937 random{static_cast<unsigned>(n)};
    double spent_ns = 0;
    for (std::size_t rounds = 1;; ++rounds) {
        std::ranges::shuffle(order, random);
        for (Measured* one : order) {
            if (one->spent_ns <= spent_ns * share_max) {
                spent_ns += one->take_sample();
            }
        }
        const std::size_t fewest = std::ranges::min(all, {}, &Measured::count).count();
        const double enough = static_cast<double>(fewest) / static_cast<double>(needed);
        const bool is_last = options_.is_smoke || rounds == rounds_max;
        const double done = is_last ? 1 : std::min(spent_ns / budget_ns, enough);
        show_progress(group, n, done, rounds);
        if (done >= 1) {
            break;
        }
    }
    for (Measured& one : all) {
        const double median = median_of(one.samples);
        rows_.push_back(
            {group, one.candidate.peer, n, median, one.samples.front(), one.samples.size()});
    }
}

void Harness::record(const std::string& group, const std::string& peer, std::size_t n,
                     double value) {
    rows_.push_back({group, peer, n, value, value, 1});
}

bool Harness::finish() const {
    if (rows_.empty()) {
        return false;
    }
    if (options_.out.empty()) {
        return true;
    }
    std::FILE* file = std::fopen(options_.out.c_str(), "w");
    expect(file != nullptr, "cannot write " + options_.out);
    std::fputs("[\n", file);
    for (std::size_t i = 0; i < rows_.size(); ++i) {
        const Row& row = rows_[i];
        std::fprintf(file,
                     R"({"group": "%s", "peer": "%s", "n": %zu, "median_ns": %.3f, )"
                     R"("min_ns": %.3f, "samples": %zu}%s)",
                     row.group.c_str(), row.peer.c_str(), row.n, row.median, row.min, row.samples,
                     i + 1 < rows_.size() ? ",\n" : "\n");
    }
    std::fputs("]\n", file);
    expect(std::fclose(file) == 0, "cannot write " + options_.out);
    return true;
}

}  // namespace bench
