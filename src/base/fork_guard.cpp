// SPDX-License-Identifier: MIT
#include "base/fork_guard.hpp"

#include <memory>

#include "sys/syscall.hpp"

namespace eventp::detail {

ForkGuard::ForkGuard() noexcept : page_{static_cast<Page*>(sys::map_wiped_on_fork())} {
    if (page_ != nullptr) {
        std::construct_at(page_, Page{.is_original = true, .loop_end = nullptr});
    }
}

ForkGuard::~ForkGuard() {
    if (page_ != nullptr) {
        sys::unmap_wiped_on_fork(page_);
    }
}

}  // namespace eventp::detail
