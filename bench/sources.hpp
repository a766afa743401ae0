// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <random>
#include <span>
#include <vector>

#include <sys/eventfd.h>
#include <unistd.h>

#include "harness.hpp"

namespace bench {

/// The descriptors of one point. All peers get the same ones, one peer at a time.
class EventFds {
public:
    explicit EventFds(std::size_t count) {
        numbers_.reserve(count);
        while (numbers_.size() < count) {
            const int fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
            expect(fd >= 0, "no more descriptors");
            numbers_.push_back(fd);
        }
    }
    EventFds(const EventFds&) = delete;
    EventFds& operator=(const EventFds&) = delete;
    ~EventFds() {
        for (const int fd : numbers_) {
            ::close(fd);
        }
    }

    [[nodiscard]] std::span<const int> numbers() const noexcept { return numbers_; }
    [[nodiscard]] std::size_t size() const noexcept { return numbers_.size(); }
    void fire(std::size_t i) const {
        constexpr std::uint64_t one = 1;
        expect(::write(numbers_[i], &one, sizeof one) == sizeof one, "an eventfd is full");
    }
    void fire_all() const {
        for (std::size_t i = 0; i < numbers_.size(); ++i) {
            fire(i);
        }
    }

private:
    std::vector<int> numbers_;
};

/// What candidates share, and destroy with the last of them.
using SharedFds = std::shared_ptr<const EventFds>;

/// Fires one descriptor after the other, far from each other.
class FiringOrder {
public:
    /// 7919 is a prime, so every descriptor is fired.
    explicit FiringOrder(const EventFds& fds) noexcept : fds_{fds}, stride_{7919 % fds.size()} {}

    void fire_next() {
        fds_.fire(at_);
        at_ += stride_;
        at_ -= at_ >= fds_.size() ? fds_.size() : 0;
    }

private:
    const EventFds& fds_;
    std::size_t stride_;
    std::size_t at_ = 0;
};

/// The more there is to prepare, the longer a sample is.
[[nodiscard]] inline SampleLength length_for(bool is_smoke, std::size_t descriptors) {
    constexpr std::int64_t ns_per_descriptor = 1000;
    return SampleLength{is_smoke,
                        std::max<std::int64_t>(
                            2'000'000, static_cast<std::int64_t>(descriptors) * ns_per_descriptor)};
}

/// Room for the events of a turn, the same for all peers that have such an option.
[[nodiscard]] inline std::size_t capacity_for(std::size_t count) {
    return std::clamp<std::size_t>(count, 512, 4096);
}

/// Memory of random size that is allocated before a peer is: each sample has other heap addresses,
/// so that no figure depends on how they fall into cache sets.
class HeapOffset {
public:
    HeapOffset() : memory_{std::malloc(16 * (1 + random() % 256))} {}

private:
    struct Free {
        void operator()(void* memory) const noexcept { std::free(memory); }
    };
    static unsigned random() {
        static std::minstd_rand numbers{std::random_device{}()};
        return static_cast<unsigned>(numbers());
    }
    std::unique_ptr<void, Free> memory_;
};

}  // namespace bench
