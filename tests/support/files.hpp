// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <eventp/fd.hpp>

namespace eventp::support {

/// A pipe; closing `write` hangs up `read`.
struct Pipe {
    Pipe() {
        std::array<int, 2> ends{-1, -1};
        if (::pipe2(ends.data(), O_NONBLOCK | O_CLOEXEC) == 0) {
            read.reset(ends[0]);
            write.reset(ends[1]);
        }
    }
    OwnedFd read;
    OwnedFd write;
};

/// Two connected stream sockets: always writable until somebody fills them.
struct SocketPair {
    SocketPair() {
        std::array<int, 2> ends{-1, -1};
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) ==
            0) {
            near.reset(ends[0]);
            far.reset(ends[1]);
        }
    }
    OwnedFd near;
    OwnedFd far;
};

/// A file by its path.
[[nodiscard]] inline OwnedFd open_file(const char* path, int flags = O_RDONLY) {
    return OwnedFd{::open(path, flags | O_CLOEXEC)};
}

[[nodiscard]] inline OwnedFd make_eventfd(unsigned value = 0) {
    return OwnedFd{::eventfd(value, EFD_NONBLOCK | EFD_CLOEXEC)};
}

/// An eventfd under a number that nothing is open under.
[[nodiscard]] inline OwnedFd make_eventfd_at(int number, unsigned value = 0) {
    OwnedFd made = make_eventfd(value);
    if (made.fd() == number) {
        return made;
    }
    return OwnedFd{::dup3(made.fd(), number, O_CLOEXEC)};
}

/// A number that nothing is open under.
[[nodiscard]] inline int closed_number() {
    return make_eventfd().fd();  // closed before the caller sees it
}

[[nodiscard]] inline bool is_open(int fd) {
    return ::fcntl(fd, F_GETFD) >= 0;
}

/// What poll(2) says at once: the descriptor can be read.
[[nodiscard]] inline bool is_readable(int fd) {
    pollfd entry{.fd = fd, .events = POLLIN, .revents = 0};
    return ::poll(&entry, 1, 0) == 1 && (entry.revents & POLLIN) != 0;
}

/// poll(2) with a limit that only a broken test reaches.
[[nodiscard]] inline bool becomes_readable(int fd) {
    pollfd entry{.fd = fd, .events = POLLIN, .revents = 0};
    return ::poll(&entry, 1, 20'000) == 1 && (entry.revents & POLLIN) != 0;
}

}  // namespace eventp::support
