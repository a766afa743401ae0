// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include <gtest/gtest.h>

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <eventp/fd.hpp>

namespace eventp::support {

/// A pipe; closing `write` hangs up `read`.
struct Pipe {
    explicit Pipe(int flags = O_NONBLOCK) {
        std::array<int, 2> ends{-1, -1};
        EXPECT_EQ(::pipe2(ends.data(), flags | O_CLOEXEC), 0);
        read.reset(ends[0]);
        write.reset(ends[1]);
    }
    OwnedFd read;
    OwnedFd write;
};

/// Two connected stream sockets, writable as long as their buffers have room.
struct SocketPair {
    explicit SocketPair(int flags = SOCK_NONBLOCK) {
        std::array<int, 2> ends{-1, -1};
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0, ends.data()), 0);
        near.reset(ends[0]);
        far.reset(ends[1]);
    }
    OwnedFd near;
    OwnedFd far;
};
inline constexpr int blocking = 0;  // for the flags of both

/// A file by its path.
[[nodiscard]] inline OwnedFd open_file(const char* path, int flags = O_RDONLY) {
    return OwnedFd{::open(path, flags | O_CLOEXEC)};
}

[[nodiscard]] inline OwnedFd make_eventfd(unsigned value = 0) {
    return OwnedFd{::eventfd(value, EFD_NONBLOCK | EFD_CLOEXEC)};
}

/// No other descriptor of a test has this number.
inline constexpr int free_number = 150;
/// The page of the registry for this number is not allocated until it is used.
inline constexpr int number_in_a_new_page = 600;

/// An eventfd under a number that nothing is open under.
[[nodiscard]] inline OwnedFd make_eventfd_at(int number, unsigned value = 0) {
    OwnedFd made = make_eventfd(value);
    if (made.fd() == number) {
        return made;
    }
    return OwnedFd{::dup3(made.fd(), number, O_CLOEXEC)};
}

/// Makes an eventfd readable.
inline void signal(const OwnedFd& file) {
    EXPECT_EQ(::eventfd_write(file.fd(), 1), 0);
}

/// A second number of the same open file.
[[nodiscard]] inline OwnedFd duplicate(int fd) {
    return OwnedFd{::fcntl(fd, F_DUPFD_CLOEXEC, 0)};
}

/// A number that nothing is open under.
[[nodiscard]] inline int closed_number() {
    return make_eventfd().fd();  // closed before the caller sees it
}

[[nodiscard]] inline bool is_open(int fd) {
    return ::fcntl(fd, F_GETFD) >= 0;
}

/// poll(2) reports that the descriptor can be read, at once or within a time.
[[nodiscard]] inline bool is_readable(int fd, int timeout_ms = 0) {
    pollfd entry{.fd = fd, .events = POLLIN, .revents = 0};
    return ::poll(&entry, 1, timeout_ms) == 1 && (entry.revents & POLLIN) != 0;
}
[[nodiscard]] inline bool becomes_readable(int fd) {
    return is_readable(fd, 20'000);  // which only a broken test reaches
}

/// A soft limit of open files, which ends with this object; the hard limit if that is less. Without
/// a value: what is open stays open, and nothing more can be opened.
class FileLimit {
public:
    FileLimit() : FileLimit{static_cast<rlim_t>(closed_number())} {}  // the lowest free number
    explicit FileLimit(rlim_t soft) {
        EXPECT_EQ(::getrlimit(RLIMIT_NOFILE, &before_), 0);
        const rlim_t hard = before_.rlim_max;
        const rlimit limit{.rlim_cur = soft < hard ? soft : hard, .rlim_max = hard};
        EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
    }
    FileLimit(const FileLimit&) = delete;
    FileLimit& operator=(const FileLimit&) = delete;
    ~FileLimit() { EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &before_), 0); }

private:
    rlimit before_{};
};

}  // namespace eventp::support
