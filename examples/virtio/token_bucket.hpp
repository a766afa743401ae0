// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace virtio {

/// Allows `rate` bytes a second, and up to `burst` at once after a pause.
class TokenBucket {
public:
    using Clock = std::chrono::steady_clock;

    TokenBucket(std::uint64_t rate, std::uint64_t burst, Clock::time_point now)
        : rate_{static_cast<double>(rate)},
          burst_{static_cast<double>(burst)},
          tokens_{burst_},
          filled_{now} {}

    /// Takes nothing and returns false if there are not enough tokens yet. More than a burst is
    /// allowed if the bucket is full; the difference is subtracted from later tokens.
    [[nodiscard]] bool take(std::uint64_t bytes, Clock::time_point now) {
        fill(now);
        if (tokens_ < enough_for(bytes)) {
            return false;
        }
        tokens_ -= static_cast<double>(bytes);
        return true;
    }

    /// How long until take() of that many bytes can succeed; not zero. Long enough for a quarter of
    /// a burst, because a timer for less is not worth its cost.
    [[nodiscard]] std::chrono::nanoseconds wait_for(std::uint64_t bytes) const {
        const double wanted = std::max(enough_for(bytes), burst_ / 4);
        const std::chrono::duration<double> seconds{(wanted - tokens_) / rate_};
        return std::max(std::chrono::ceil<std::chrono::nanoseconds>(seconds),
                        std::chrono::nanoseconds{1});
    }

private:
    [[nodiscard]] double enough_for(std::uint64_t bytes) const {
        return std::min(static_cast<double>(bytes), burst_);
    }
    void fill(Clock::time_point now) {
        const std::chrono::duration<double> passed = now - filled_;
        tokens_ = std::min(burst_, tokens_ + passed.count() * rate_);
        filled_ = now;
    }

    double rate_;
    double burst_;
    double tokens_;
    Clock::time_point filled_;
};

}  // namespace virtio
