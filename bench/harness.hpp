// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

/// Processor time of this thread: the time of other processes is not in it.
[[nodiscard]] std::int64_t cpu_ns() noexcept;
/// Elapsed time: for operations that wait.
[[nodiscard]] std::int64_t wall_ns() noexcept;

/// Ends the program: a benchmark that loses events measures nothing.
[[noreturn]] void fail(std::string_view why);
void expect(bool holds, std::string_view otherwise);

/// Binds this thread to a core: thread 0, which runs the loop, to the last core that the process
/// may use, all other threads to the remaining cores in turn.
void pin_to_core(std::size_t thread);

/// Raises the limit on open files as far as the process may, and returns it.
std::size_t raise_open_files() noexcept;

/// One peer at one point. Each call of `sample` takes one sample and returns ns per operation.
struct Candidate {
    std::string peer;
    std::function<double()> sample;
};

/// One column of a table: a group of benchmarks at one n.
struct Point {
    std::string group;
    std::size_t n;
    std::size_t descriptors;  // that it opens
    double seconds;           // for the samples of all peers together; 0: one sample each is exact
    std::function<std::vector<Candidate>()> prepare;
};

/// All points of a program.
class Points {
public:
    explicit Points(bool is_smoke) : is_smoke_{is_smoke} {}

    /// A smoke run has tiny inputs: it proves that everything runs.
    [[nodiscard]] bool is_smoke() const noexcept { return is_smoke_; }
    /// The n of a group: `real`, or `smoke` in a smoke run.
    [[nodiscard]] std::vector<std::size_t> sizes(std::vector<std::size_t> real,
                                                 std::size_t smoke) const {
        return is_smoke_ ? std::vector{smoke} : std::move(real);
    }

    void add(Point point) { points_.push_back(std::move(point)); }
    [[nodiscard]] const std::vector<Point>& all() const noexcept { return points_; }

private:
    bool is_smoke_;
    std::vector<Point> points_;
};

/// The main function of a program with points: `PROGRAM [--smoke] list|serve`.
///
/// `list` prints "GROUP N SECONDS" for each point that the limit on open files allows. `serve`
/// reads commands from its standard input and prints one line for each: "point GROUP N" prepares a
/// point and prints its peers; "sample PEER" takes one sample there and prints its nanoseconds.
/// tools/bench_samples.py sends them.
int run_points(int argc, char** argv, void (*add_points)(Points&));

/// How often a sample repeats its operation: so often that the sample takes about `target_ns`,
/// which is longer than reading the clock and shorter than a time slice. The first sample
/// determines it.
class SampleLength {
public:
    explicit SampleLength(bool is_smoke, std::int64_t target_ns = 2'000'000,
                          std::uint64_t repeats_min = 1) noexcept
        : target_ns_{is_smoke ? 1 : target_ns}, repeats_min_{is_smoke ? 1 : repeats_min} {}

    /// `run(times)` repeats the operation `times` times and returns the nanoseconds that it took.
    /// Returns the result of one run of `repeats()` times, after a shorter run to warm up.
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
