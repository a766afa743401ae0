// SPDX-License-Identifier: MIT
#include "core/registry.hpp"

namespace eventp::detail {

Slot* Registry::find(const RegistrationKey& key) const noexcept {
    Slot* slot = at(key.fd());
    if (slot != nullptr && (key.generation() == 0 || key.generation() == slot->live.generation)) {
        return slot;
    }
    if (key.generation() == 0) {
        return nullptr;
    }
    const auto found = std::ranges::find_if(
        moved_, [&key](const Slot* moved) { return moved->live.generation == key.generation(); });
    return found == moved_.end() ? nullptr : *found;
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
    }
    if (!moved_.empty()) {
        std::erase(moved_, &slot);
    }
    --size_;
}

void Registry::reserve_moves() {
    if (moved_.capacity() - moved_.size() < 2) {
        moved_.reserve(2 * moved_.size() + 2);
    }
}

void Registry::evict(Slot& slot) noexcept {
    if (std::ranges::find(moved_, &slot) == moved_.end()) {
        moved_.push_back(&slot);  // there is room
    }
    page_of(slot.fd)->rows[row_of(slot.fd)] = nullptr;
}

void Registry::renumber(Slot& slot, int fd) noexcept {
    if (slot.fd == fd && at(fd) == &slot) {
        return;
    }
    erase(slot);
    slot.fd = fd;
    insert(slot);
    moved_.push_back(&slot);  // there is room
}

}  // namespace eventp::detail
