// SPDX-License-Identifier: MIT
#include "core/epoll_set.hpp"

namespace eventp::detail {

int EpollSet::add_in_place_of_a_ghost(int fd, std::uint32_t events, Slot& slot) noexcept {
    // Kernel: not MOD, which answers EINVAL when either side is EPOLLEXCLUSIVE.
    static_cast<void>(sys::epoll_remove(this->fd(), fd));
    return sys::epoll_add(this->fd(), fd, events, &slot);
}

int EpollSet::replace_by(EpollSet& fresh) noexcept {
    const int answer = sys::replace(fresh.fd(), fd());
    if (answer >= 0) {
        fresh.close();
    }
    return answer;
}

}  // namespace eventp::detail
