// SPDX-License-Identifier: MIT
#include "fault/faults.hpp"

#include <cerrno>
#include <cstdint>

#include <sys/epoll.h>
#include <sys/eventfd.h>

namespace eventp::support {
namespace {

constexpr int none = -2;

struct Armed {
    int call = none;  // or Fault::any
    int error = 0;
    int wait = 0;   // calls that pass before
    int times = 0;  // that are still to fail; negative: all
    int struck = 0;
};
Armed armed;
int timeout_ms = 0;
std::array<int, calls> count{};

bool strikes(Call call) {
    ++count[static_cast<std::size_t>(call)];
    if (armed.call != static_cast<int>(call) && armed.call != Fault::any) {
        return false;
    }
    if (armed.wait > 0) {
        --armed.wait;
        return false;
    }
    if (armed.times == 0) {
        return false;
    }
    armed.times -= armed.times > 0 ? 1 : 0;
    ++armed.struck;
    errno = armed.error;
    return true;
}

Call call_of(int operation) {
    return operation == EPOLL_CTL_ADD   ? Call::epoll_add
           : operation == EPOLL_CTL_MOD ? Call::epoll_modify
                                        : Call::epoll_delete;
}

}  // namespace

Fault::Fault(Call call, int error, int first, int times) noexcept {
    armed = {static_cast<int>(call), error, first, times, 0};
}

Fault Fault::of_nth(int nth, int error) noexcept {
    armed = {any, error, nth, 1, 0};
    return {};
}

Fault::~Fault() {
    armed = {};
}

int Fault::struck() const noexcept {
    return armed.struck;
}

int last_timeout_ms() noexcept {
    return timeout_ms;
}

int made(Call call) noexcept {
    return count[static_cast<std::size_t>(call)];
}

// The names that `ld --wrap` asks for.
extern "C" {
// NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming)
int __real_epoll_create1(int flags);
int __real_epoll_ctl(int set, int operation, int fd, epoll_event* event);
int __real_epoll_wait(int set, epoll_event* events, int capacity, int timeout);
int __real_epoll_pwait2(int set, epoll_event* events, int capacity, const timespec* timeout,
                        const sigset_t* mask);
int __real_eventfd(unsigned value, int flags);
int __real_dup3(int from, int to, int flags);

int __wrap_epoll_create1(int flags) {
    return strikes(Call::epoll_create) ? -1 : __real_epoll_create1(flags);
}
int __wrap_epoll_ctl(int set, int operation, int fd, epoll_event* event) {
    return strikes(call_of(operation)) ? -1 : __real_epoll_ctl(set, operation, fd, event);
}
int __wrap_epoll_wait(int set, epoll_event* events, int capacity, int timeout) {
    timeout_ms = timeout;
    return strikes(Call::epoll_wait) ? -1 : __real_epoll_wait(set, events, capacity, timeout);
}
int __wrap_epoll_pwait2(int set, epoll_event* events, int capacity, const timespec* timeout,
                        const sigset_t* mask) {
    return strikes(Call::epoll_pwait2) ? -1
                                       : __real_epoll_pwait2(set, events, capacity, timeout, mask);
}
int __wrap_eventfd(unsigned value, int flags) {
    return strikes(Call::eventfd) ? -1 : __real_eventfd(value, flags);
}
int __wrap_dup3(int from, int to, int flags) {
    return strikes(Call::dup3) ? -1 : __real_dup3(from, to, flags);
}
// NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming)
}

}  // namespace eventp::support
