// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace load {

/// Counts durations in buckets whose width grows with the value: constant memory for any number of
/// samples, and an error of at most 1/32 of the value.
class Histogram {
public:
    void add(std::uint64_t ns) noexcept {
        ++counts_[bucket_of(ns)];
        ++total_;
    }
    [[nodiscard]] std::uint64_t total() const noexcept { return total_; }

    /// The value that `part` (0 to 1) of the samples do not exceed, rounded up; 0 if there are
    /// none.
    [[nodiscard]] std::uint64_t quantile(double part) const noexcept {
        const auto wanted = static_cast<std::uint64_t>(part * static_cast<double>(total_));
        std::uint64_t seen = 0;
        for (std::size_t bucket = 0; bucket < counts_.size(); ++bucket) {
            seen += counts_[bucket];
            if (seen > wanted || (seen == total_ && total_ != 0)) {
                return end_of(bucket);
            }
        }
        return 0;
    }

private:
    static constexpr std::size_t per_octave = 32;

    static constexpr std::size_t bucket_of(std::uint64_t ns) noexcept {
        if (ns < per_octave) {
            return ns;
        }
        const auto shift = static_cast<std::size_t>(std::bit_width(ns / per_octave)) - 1;
        return shift * per_octave + static_cast<std::size_t>(ns >> shift);
    }
    static constexpr std::uint64_t end_of(std::size_t bucket) noexcept {
        if (bucket < per_octave) {
            return bucket;
        }
        const std::size_t shift = bucket / per_octave - 1;
        return ((std::uint64_t{bucket % per_octave} + per_octave + 1) << shift) - 1;
    }

    std::array<std::uint64_t, per_octave * 60> counts_{};
    std::uint64_t total_ = 0;
};

}  // namespace load
