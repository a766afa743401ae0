// SPDX-License-Identifier: MIT
#include "wakeup.hpp"

#include <cerrno>

#include "sys/syscall.hpp"

namespace eventp::detail {

void Wakeup::ring() const noexcept {
    while (sys::eventfd_add(fd()) == -EAGAIN) {
        static_cast<void>(sys::eventfd_drain(fd()));
    }
}

}  // namespace eventp::detail
