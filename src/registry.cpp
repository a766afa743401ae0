// SPDX-License-Identifier: MIT
#include "registry.hpp"

namespace eventp::detail {

Slot* Registry::find(const Key& key) const noexcept {
    Slot* slot = at(key.fd());
    if (slot != nullptr && (key.generation() == 0 || key.generation() == slot->live.generation)) {
        return slot;
    }
    if (key.generation() == 0) {
        return nullptr;
    }
    const auto found = std::ranges::find_if(evicted_, [&key](const Slot* evicted) {
        return evicted->live.generation == key.generation();
    });
    return found == evicted_.end() ? nullptr : *found;
}

void Registry::reserve(int fd) {
    const std::size_t page = static_cast<std::size_t>(fd) / rows_per_page;
    if (page >= pages_.size()) {
        pages_.resize(page + 1);
    }
    if (pages_[page] == nullptr) {
        pages_[page] = std::make_unique<Page>();
    }
}

void Registry::insert(Slot& slot) noexcept {
    page_of(slot.fd)->rows[row_of(slot.fd)] = &slot;
    ++size_;
}

void Registry::erase(Slot& slot) noexcept {
    if (at(slot.fd) == &slot) {
        page_of(slot.fd)->rows[row_of(slot.fd)] = nullptr;
    } else {
        std::erase(evicted_, &slot);
    }
    --size_;
}

void Registry::evict(Slot& slot) {
    evicted_.push_back(&slot);
    page_of(slot.fd)->rows[row_of(slot.fd)] = nullptr;
}

}  // namespace eventp::detail
