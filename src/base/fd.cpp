// SPDX-License-Identifier: MIT
#include <eventp/fd.hpp>

#include "sys/syscall.hpp"

namespace eventp::inline EVENTP_ABI_NAMESPACE {

void OwnedFd::reset(int number) noexcept {
    const int old = std::exchange(number_, number);
    if (old >= 0 && old != number) {
        sys::close(old);
    }
}

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE
