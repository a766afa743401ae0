// SPDX-License-Identifier: MIT
#include "support/fake_time.hpp"

#include <cstdint>

#include "src/sys/timerfd.hpp"

using eventp::support::FakeTime;

// Qualified, so that a name that the header does not declare is an error, not another function.
int eventp::sys::timerfd(int clock) noexcept {
    return FakeTime::make(clock);
}
int eventp::sys::timerfd_set(int fd, std::int64_t deadline_ns) noexcept {
    return FakeTime::set(fd, deadline_ns);
}
std::int64_t eventp::sys::clock_now(int) noexcept {
    return FakeTime::now();
}
