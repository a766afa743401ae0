// SPDX-License-Identifier: MIT
#include "sys/syscall.hpp"

#include <atomic>
#include <cerrno>
#include <climits>
#include <cstddef>

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/common.hpp"
#include "sys/errno_scope.hpp"

#if defined(__GLIBC__)
#if __GLIBC_PREREQ(2, 35)
#define EVENTP_HAS_EPOLL_PWAIT2
#endif
#endif

namespace eventp::inline EVENTP_ABI_NAMESPACE::sys {

namespace {

constexpr std::int64_t ns_per_ms = 1'000'000;

int control(int set, int operation, int fd, std::uint32_t events, void* data) noexcept {
    epoll_event event{};
    event.events = events;
    event.data.ptr = data;
    return result_of(::epoll_ctl(set, operation, fd, &event));
}

/// Rounded up, so that a timeout below a millisecond does not become a poll.
int milliseconds(std::int64_t timeout_ns) noexcept {
    const std::int64_t ms = timeout_ns / ns_per_ms + (timeout_ns % ns_per_ms != 0 ? 1 : 0);
    return ms > INT_MAX ? INT_MAX : static_cast<int>(ms);
}

/// What a kernel without a system call, or a sandbox (seccomp(2)), fails it with.
constexpr bool is_refusal(int result) noexcept {
    return result == -ENOSYS || result == -EPERM || result == -EACCES || result == -EINVAL ||
           result == -EOPNOTSUPP;
}

// Kernel: epoll_pwait2(2) exists since Linux 5.11. Once it was refused it is not tried again.
// NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables): a fact about the kernel.
std::atomic<bool> pwait2_refused{false};

#if defined(EVENTP_HAS_EPOLL_PWAIT2)
int pwait2(int set, epoll_event* events, int capacity, const timespec& timeout) {
    return result_of(::epoll_pwait2(set, events, capacity, &timeout, /*sigmask=*/nullptr));
}
#else
/// Kernel: the number of epoll_pwait2(2) is the same on every 64-bit architecture; headers before
/// Linux 5.11 do not define it. syscall(2) is no cancellation point (pthreads(7)), and this has to
/// be one. Meanwhile the thread is cancelled at once, as C libraries do it in epoll_wait(3): no
/// object here has a destructor.
int pwait2(int set, epoll_event* events, int capacity, const timespec& timeout) {
    constexpr long number_of_epoll_pwait2 = 441;
    int type = 0;
    // NOLINTNEXTLINE(cert-pos47-c, concurrency-thread-canceltype-asynchronous): see above.
    static_cast<void>(::pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &type));
    const int result = result_of(::syscall(number_of_epoll_pwait2, set, events, capacity, &timeout,
                                           /*sigmask=*/nullptr, /*size of it=*/std::size_t{8}));
    static_cast<void>(::pthread_setcanceltype(type, &type));
    return result;
}
#endif

}  // namespace

int epoll_create() noexcept {
    return result_of(::epoll_create1(EPOLL_CLOEXEC));
}

int epoll_add(int set, int fd, std::uint32_t events, void* data) noexcept {
    return control(set, EPOLL_CTL_ADD, fd, events, data);
}

int epoll_modify(int set, int fd, std::uint32_t events, void* data) noexcept {
    return control(set, EPOLL_CTL_MOD, fd, events, data);
}

int epoll_remove(int set, int fd) noexcept {
    return result_of(::epoll_ctl(set, EPOLL_CTL_DEL, fd, nullptr));
}

int epoll_wait_ms(int set, epoll_event* events, int capacity, int timeout_ms) {
    return result_of(::epoll_wait(set, events, capacity, timeout_ms));
}

int epoll_wait(int set, epoll_event* events, int capacity, std::int64_t timeout_ns) {
    if (!pwait2_refused.load(std::memory_order_relaxed)) {
        const timespec timeout{timeout_ns / ns_per_s, timeout_ns % ns_per_s};
        const int answer = pwait2(set, events, capacity, timeout);
        if (!is_refusal(answer)) {
            return answer;
        }
        pwait2_refused.store(true, std::memory_order_relaxed);
    }
    return epoll_wait_ms(set, events, capacity, milliseconds(timeout_ns));
}

int wait_readable(int fd, std::int64_t timeout_ns) {
    pollfd entry{.fd = fd, .events = POLLIN, .revents = 0};
    return result_of(::poll(&entry, 1, milliseconds(timeout_ns)));
}

int eventfd() noexcept {
    return result_of(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
}

int eventfd_add(int fd) noexcept {
    const eventfd_t value = 1;
    return result_of(::syscall(SYS_write, fd, &value, sizeof value));
}

int eventfd_drain(int fd) noexcept {
    eventfd_t value = 0;
    return result_of(::syscall(SYS_read, fd, &value, sizeof value));
}

int replace(int from, int to) noexcept {
    return result_of(::dup3(from, to, O_CLOEXEC));
}

bool is_open(int fd) noexcept {
    return ::fcntl(fd, F_GETFD) >= 0 || errno != EBADF;
}

void close(int fd) noexcept {
    const ErrnoScope keeps_errno;
    static_cast<void>(::syscall(SYS_close, fd));
}

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE::sys
