// SPDX-License-Identifier: MIT
#include "core/epoll_set.hpp"

namespace eventp::inline EVENTP_ABI_NAMESPACE::detail {

int EpollSet::replace_stale_entry(int fd, std::uint32_t events, Slot& slot) noexcept {
    // Kernel: EPOLL_CTL_MOD would fail with EINVAL if either side has EPOLLEXCLUSIVE.
    static_cast<void>(sys::epoll_remove(this->fd(), fd));
    return sys::epoll_add(this->fd(), fd, events, &slot);
}

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE::detail
