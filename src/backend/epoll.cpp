// SPDX-License-Identifier: MIT
#include "backend/epoll.hpp"

#include <cerrno>

#include "sys/syscall.hpp"

namespace eventp::detail {

int EpollSet::add(int fd, std::uint32_t events, Slot& slot) noexcept {
    const int answer = sys::epoll_add(this->fd(), fd, events, &slot);
    if (answer != -EEXIST) {
        return answer;
    }
    // Kernel: not MOD, which answers EINVAL when either side is EPOLLEXCLUSIVE.
    static_cast<void>(sys::epoll_remove(this->fd(), fd));
    return sys::epoll_add(this->fd(), fd, events, &slot);
}

int EpollSet::modify(int fd, std::uint32_t events, Slot& slot) noexcept {
    return sys::epoll_modify(this->fd(), fd, events, &slot);
}

int EpollSet::remove(int fd) noexcept {
    return is_open() ? sys::epoll_remove(this->fd(), fd) : 0;
}

int EpollSet::replace_by(EpollSet& fresh) noexcept {
    const int answer = sys::replace(fresh.fd(), fd());
    if (answer >= 0) {
        fresh.close();
    }
    return answer;
}

}  // namespace eventp::detail
