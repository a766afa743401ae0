// SPDX-License-Identifier: MIT
#include "core/registry.hpp"

#include <algorithm>
#include <utility>

namespace eventp::inline EVENTP_ABI_NAMESPACE::detail {

void Registry::reserve(int fd) {
    EVENTP_ASSERT(fd >= 0);
    const std::size_t page = static_cast<std::size_t>(fd) / page_size;
    if (page >= page_count_) {
        // Twice as long, so that growing one by one is linear in total.
        const std::size_t count = std::max(page + 1, 2 * page_count_);
        auto longer = std::make_unique<std::unique_ptr<Page>[]>(count);
        std::move(pages_.get(), pages_.get() + page_count_, longer.get());
        pages_ = std::move(longer);
        page_count_ = count;
    }
    if (pages_[page] == nullptr) {
        pages_[page] = std::make_unique<Page>();
    }
}

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE::detail
