// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

/// CPU time of this thread: what other processes do meanwhile is not in it.
[[nodiscard]] std::int64_t cpu_ns() noexcept;
/// Time that passes: for what waits.
[[nodiscard]] std::int64_t wall_ns() noexcept;

/// Ends the program: a benchmark that loses events measures nothing.
[[noreturn]] void fail(std::string_view why);
void expect(bool holds, std::string_view otherwise);

/// Binds this thread to a core: 0, which is the loop's, to the last one that the process may use,
/// all others to the rest in turn.
void pin_to_core(std::size_t thread);

struct Options {
    bool is_smoke = false;         // tiny inputs: proves that everything runs
    double budget = 1;             // factor on the time that each point gets
    std::string out;               // file for the rows; empty: none
    std::set<std::string> groups;  // empty: all
    std::set<std::string> peers;   // empty: all; fewer get more samples in the same time
    std::set<std::size_t> points;  // which n; empty: all
};

/// One peer at one point: each call takes one sample, in ns per operation.
struct Candidate {
    std::string peer;
    std::function<double()> sample;
};

/// Measures peers against each other: at each point in rounds, one sample of every peer per round
/// in an order that is shuffled anew, so that drift and what a peer leaves in the caches hit all
/// alike. A peer that is so slow that it would take most of the time sits rounds out.
class Harness {
public:
    explicit Harness(Options options);

    /// Asked once for each group.
    [[nodiscard]] bool wants(const std::string& group);
    [[nodiscard]] bool is_smoke() const noexcept { return options_.is_smoke; }
    /// What a point has: `real`, or `smoke` in a smoke run.
    [[nodiscard]] std::vector<std::size_t> sizes(std::vector<std::size_t> real,
                                                 std::size_t smoke) const {
        return options_.is_smoke ? std::vector{smoke} : std::move(real);
    }

    void measure(const std::string& group, std::size_t n, std::vector<Candidate> candidates,
                 double seconds = 8);
    /// For what is the same each time.
    void record(const std::string& group, const std::string& peer, std::size_t n, double value);

    /// Writes the rows. False when no group was run.
    [[nodiscard]] bool finish() const;

private:
    struct Row {
        std::string group, peer;
        std::size_t n;
        double median, min;
        std::size_t samples;
    };

    Options options_;
    std::vector<Row> rows_;
};

/// How often a sample repeats what it measures, found at the first one: for about two
/// milliseconds, so that a sample is longer than reading the clock and shorter than a time slice.
class Pace {
public:
    explicit Pace(bool is_smoke, std::int64_t target_ns = 2'000'000,
                  std::uint64_t repeats_min = 1) noexcept
        : target_ns_{is_smoke ? 1 : target_ns}, repeats_min_{is_smoke ? 1 : repeats_min} {}

    /// `run(times)` does it `times` times and returns the nanoseconds. Returns those of a run that
    /// comes after a short one to warm up; `repeats()` says how often it did it.
    template <typename Run>
    [[nodiscard]] std::int64_t time(Run run) {
        while (!is_known_) {
            std::int64_t took = run(repeats_);
            if (is_long(took)) {
                // It may have been disturbed; the shortest of three was not.
                took = std::min({took, run(repeats_), run(repeats_)});
            }
            if (is_long(took)) {
                is_known_ = true;
                const auto wanted = repeats_ * static_cast<std::uint64_t>(target_ns_) /
                                    static_cast<std::uint64_t>(std::max<std::int64_t>(took, 1));
                repeats_ = std::max(wanted, repeats_min_);
            } else {
                repeats_ *= 2;
            }
        }
        static_cast<void>(run(1 + repeats_ / 8));
        return run(repeats_);
    }
    [[nodiscard]] std::uint64_t repeats() const noexcept { return repeats_; }

private:
    [[nodiscard]] bool is_long(std::int64_t took) const noexcept { return took * 4 >= target_ns_; }

    std::int64_t target_ns_;
    std::uint64_t repeats_min_;
    std::uint64_t repeats_ = repeats_min_;
    bool is_known_ = false;
};

}  // namespace bench
