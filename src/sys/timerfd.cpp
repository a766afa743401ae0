// SPDX-License-Identifier: MIT
#include "sys/timerfd.hpp"

#include <cerrno>
#include <ctime>

#include <sys/timerfd.h>

namespace eventp::inline EVENTP_ABI_NAMESPACE::sys {

namespace {

constexpr std::int64_t ns_per_s = 1'000'000'000;

}  // namespace

int timerfd(int clock) noexcept {
    const int fd = ::timerfd_create(clock, TFD_CLOEXEC | TFD_NONBLOCK);
    return fd < 0 ? -errno : fd;
}

int timerfd_set(int fd, std::int64_t deadline_ns) noexcept {
    // Kernel: setting a timer also forgets that it has expired, so nobody has to read it.
    const itimerspec setting{
        .it_interval = {},
        .it_value = {.tv_sec = deadline_ns / ns_per_s, .tv_nsec = deadline_ns % ns_per_s}};
    return ::timerfd_settime(fd, TFD_TIMER_ABSTIME, &setting, nullptr) < 0 ? -errno : 0;
}

std::int64_t clock_now(int clock) noexcept {
    timespec now{};
    static_cast<void>(::clock_gettime(clock, &now));  // fails for unknown clocks only
    return now.tv_sec * ns_per_s + now.tv_nsec;
}

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE::sys
