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
#include <sys/resource.h>
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
    void drain_all() const {
        for (const int fd : numbers_) {
            std::uint64_t value = 0;
            static_cast<void>(!::read(fd, &value, sizeof value));
        }
    }

private:
    std::vector<int> numbers_;
};

/// So many descriptors can be open, with those that the peers need themselves.
[[nodiscard]] inline bool fits_open_files(std::size_t count) {
    rlimit limit{};
    static_cast<void>(::getrlimit(RLIMIT_NOFILE, &limit));
    limit.rlim_cur = limit.rlim_max;
    static_cast<void>(::setrlimit(RLIMIT_NOFILE, &limit));
    constexpr std::size_t own = 200;
    return count + own <= limit.rlim_cur;
}

/// Room for the events of a turn, the same for all who can be told.
[[nodiscard]] inline std::size_t capacity_for(std::size_t count) {
    return std::clamp<std::size_t>(count, 512, 4096);
}

/// Memory that is allocated in front of a peer, of a different size each time: where its parts lie
/// in the caches is then sampled too, not an accident of the run.
class Shift {
public:
    Shift() : memory_{std::malloc(16 * (1 + random() % 256))} {}

private:
    struct Free {
        void operator()(void* memory) const noexcept { std::free(memory); }
    };
    static unsigned random() {
        static std::minstd_rand numbers{1};
        return static_cast<unsigned>(numbers());
    }
    std::unique_ptr<void, Free> memory_;
};

}  // namespace bench
