// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <memory>

#include <eventp/detail/slot.hpp>
#include <eventp/registration_id.hpp>

#include "base/assert.hpp"

namespace eventp::inline EVENTP_ABI_NAMESPACE::detail {

/// Maps a descriptor to the slot that is registered under it, and knows for which descriptors a
/// quarantined slot may still have an epoll entry.
///
/// A table of pages, 8 bytes for each descriptor: it grows without copying entries, and descriptor
/// 1 000 000 000 costs one page and a directory, not 8 GB.
/// Thread safety:  thread-bound.
class Registry {
    static constexpr std::size_t page_size = 512;

    struct Page {
        std::array<Slot*, page_size> slots{};
        std::bitset<page_size> stale;
    };

public:
    /// What is stored for one descriptor. Valid as long as the registry.
    class Entry {
    public:
        /// False if the registry has no entry for the descriptor: call reserve().
        [[nodiscard]] explicit operator bool() const noexcept { return page_ != nullptr; }
        // NOLINTBEGIN(clang-analyzer-core.CallAndMessage): the caller checks the entry.
        /// The registered slot; null if there is none.
        [[nodiscard]] Slot* slot() const noexcept { return page_->slots[index_]; }
        /// The slot if `key`, which has this descriptor, identifies it; else null.
        [[nodiscard]] Slot* slot_of(const RegistrationKey& key) const noexcept {
            Slot* found = page_ == nullptr ? nullptr : slot();
            return found != nullptr &&
                           (key.generation() == 0 || key.generation() == found->live.generation)
                       ? found
                       : nullptr;
        }
        /// An epoll entry of another slot, which was removed, may exist for the descriptor.
        [[nodiscard]] bool may_be_stale() const noexcept { return page_->stale.test(index_); }
        void mark_stale() const noexcept { page_->stale.set(index_); }
        // NOLINTEND(clang-analyzer-core.CallAndMessage)

    private:
        friend class Registry;
        Entry(Page* page, std::size_t index) noexcept : page_{page}, index_{index} {}

        Page* page_;
        std::size_t index_;
    };

    [[nodiscard]] std::size_t size() const noexcept { return size_; }

    [[nodiscard]] Entry entry(int fd) const noexcept {
        const auto number = static_cast<std::size_t>(fd);  // if negative, larger than any page
        const std::size_t page = number / page_size;
        return {page >= page_count_ ? nullptr : pages_[page].get(), number % page_size};
    }
    /// The slot that `key` identifies; null if there is none.
    [[nodiscard]] Slot* find(const RegistrationKey& key) const noexcept {
        return entry(key.fd()).slot_of(key);
    }

    /// Allocates the entry of `fd`, which is not negative. Throws std::bad_alloc; nothing changed.
    void reserve(int fd);

    void insert(Entry entry, Slot& slot) noexcept {
        EVENTP_ASSERT_SLOT(entry && entry.slot() == nullptr, slot);
        entry.page_->slots[entry.index_] = &slot;
        ++size_;
    }
    void erase(Entry entry, [[maybe_unused]] const Slot& slot) noexcept {
        EVENTP_ASSERT_SLOT(entry.slot() == &slot && size_ > 0, slot);
        entry.page_->slots[entry.index_] = nullptr;
        --size_;
    }

    /// The epoll instance was replaced: it has no stale entries.
    void clear_stale() noexcept {
        for (std::size_t page = 0; page < page_count_; ++page) {
            if (pages_[page] != nullptr) {
                pages_[page]->stale.reset();
            }
        }
    }

    /// Calls `visit` with each registered slot. `visit` may register and unregister any.
    template <typename F>
    void for_each(F visit) {
        for (std::size_t page = 0; page < page_count_; ++page) {
            for (std::size_t index = 0; pages_[page] != nullptr && index < page_size; ++index) {
                if (Slot* slot = pages_[page]->slots[index]; slot != nullptr) {
                    visit(*slot);
                }
            }
        }
    }

private:
    std::unique_ptr<std::unique_ptr<Page>[]> pages_;
    std::size_t page_count_ = 0;
    std::size_t size_ = 0;
};

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE::detail
