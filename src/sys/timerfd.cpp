// SPDX-License-Identifier: MIT
#include "sys/timerfd.hpp"

#include <ctime>

#include <sys/timerfd.h>

#include "sys/common.hpp"

namespace eventp::inline EVENTP_ABI_NAMESPACE::sys {

int timerfd(int clock) noexcept {
    const int fd = ::timerfd_create(clock, TFD_CLOEXEC | TFD_NONBLOCK);
    return result_of(fd);
}

int timerfd_set(int fd, std::int64_t deadline_ns) noexcept {
    // Kernel: setting a timer also resets its expirations, so the timerfd need not be read.
    const itimerspec setting{
        .it_interval = {},
        .it_value = {.tv_sec = deadline_ns / ns_per_s, .tv_nsec = deadline_ns % ns_per_s}};
    return result_of(::timerfd_settime(fd, TFD_TIMER_ABSTIME, &setting, nullptr));
}

std::int64_t clock_now(int clock) noexcept {
    timespec now{};
    static_cast<void>(::clock_gettime(clock, &now));  // fails for unknown clocks only
    return now.tv_sec * ns_per_s + now.tv_nsec;
}

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE::sys
