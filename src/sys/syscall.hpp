// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <expected>
#include <system_error>

#include <eventp/version.hpp>

struct epoll_event;

/// Every system call of the library, once. A test replaces them at link time by defining all of
/// them itself. Results are the kernel's own: zero or more on success, -errno on failure.
///
/// No function that is noexcept contains a cancellation point (pthreads(7)): acting on a request
/// there would terminate the process. The libc wrappers of close, read, write, waitid and ppoll are
/// cancellation points; syscall(2) is not.
namespace eventp::inline EVENTP_ABI_NAMESPACE::sys {

[[nodiscard]] int epoll_create() noexcept;
[[nodiscard]] int epoll_add(int set, int fd, std::uint32_t events, void* data) noexcept;
[[nodiscard]] int epoll_modify(int set, int fd, std::uint32_t events, void* data) noexcept;
[[nodiscard]] int epoll_remove(int set, int fd) noexcept;

/// epoll_wait(2): -1 is no timeout, 0 polls. Both waits are cancellation points, so not noexcept.
[[nodiscard]] int epoll_wait_ms(int set, epoll_event* events, int capacity, int timeout_ms);
/// Waits for at most `timeout_ns`, which is positive.
[[nodiscard]] int epoll_wait(int set, epoll_event* events, int capacity, std::int64_t timeout_ns);

/// Waits until the descriptor is readable, for at most `timeout_ns`. A cancellation point.
int wait_readable(int fd, std::int64_t timeout_ns);

[[nodiscard]] int eventfd() noexcept;
[[nodiscard]] int eventfd_add(int fd) noexcept;
[[nodiscard]] int eventfd_drain(int fd) noexcept;

/// dup3(2): makes `to` a duplicate of `from`, and closes the file that `to` referred to.
[[nodiscard]] int replace(int from, int to) noexcept;
/// True if a sandbox refuses to say.
[[nodiscard]] bool is_open(int fd) noexcept;
/// Returns no error: even if close(2) fails, the descriptor is closed.
void close(int fd) noexcept;

/// The code of a negative result.
[[nodiscard]] inline std::unexpected<std::error_code> error(int result) noexcept {
    return std::unexpected{std::error_code{-result, std::system_category()}};
}

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE::sys
