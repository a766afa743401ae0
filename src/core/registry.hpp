// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <bitset>
#include <cstddef>
#include <memory>
#include <vector>

#include <eventp/detail/slot.hpp>
#include <eventp/registration_id.hpp>

namespace eventp::detail {

/// Which slot is registered under which descriptor number, and which numbers the quarantine holds.
///
/// Pages of rows, 8 bytes a row: growing copies no row, and descriptor 1 000 000 000 costs one
/// page and a directory, not 8 GB. Iteration reads each row anew, so the callee may change any.
/// Thread safety:  thread-bound.
class Registry {
public:
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

    /// What is registered under the name; null when nothing is.
    [[nodiscard]] Slot* find(const RegistrationKey& key) const noexcept;
    [[nodiscard]] Slot* at(int fd) const noexcept {
        const Page* page = page_of(fd);
        return page == nullptr ? nullptr : page->rows[row_of(fd)];
    }

    [[nodiscard]] bool has_room(int fd) const noexcept { return page_of(fd) != nullptr; }
    /// Makes room for the row of `fd`. Throws std::bad_alloc; nothing changed.
    void reserve(int fd);

    /// Puts a slot into the row of its number: there is room, and the row is empty.
    void insert(Slot& slot) noexcept;
    void erase(Slot& slot) noexcept;
    /// Makes room for one evict() and one renumber(). Throws std::bad_alloc; nothing changed.
    void reserve_moves();
    /// Takes a paused slot out of a row that a newcomer needs. Its RegistrationId names it still.
    void evict(Slot& slot) noexcept;
    /// Moves a slot to the row of another number, which is free. Its RegistrationId names it still.
    void renumber(Slot& slot, int fd) noexcept;

    /// The quarantine has a slot of this number.
    [[nodiscard]] bool may_have_stale_entry(int fd) const noexcept {
        const Page* page = page_of(fd);
        return page != nullptr && page->held[row_of(fd)];
    }
    void mark_stale(int fd) noexcept { page_of(fd)->held[row_of(fd)] = true; }
    void clear_stale(int fd) noexcept { page_of(fd)->held[row_of(fd)] = false; }

    template <typename F>
    void for_each(F visit) {
        // NOLINTNEXTLINE(modernize-loop-convert): the callee may make pages.
        for (std::size_t page = 0; page < pages_.size(); ++page) {
            if (const Page* rows = pages_[page].get(); rows != nullptr) {
                for (Slot* slot : rows->rows) {
                    if (slot != nullptr) {
                        visit(*slot);
                    }
                }
            }
        }
        for (std::size_t i = moved_.size(); i-- > 0;) {
            if (i < moved_.size() && at(moved_[i]->fd) != moved_[i]) {
                visit(*moved_[i]);
            }
        }
    }

private:
    static constexpr std::size_t rows_per_page = 512;

    struct Page {
        std::array<Slot*, rows_per_page> rows{};
        std::bitset<rows_per_page> held;
    };

    static std::size_t row_of(int fd) noexcept {
        return static_cast<std::size_t>(fd) % rows_per_page;
    }
    [[nodiscard]] Page* page_of(int fd) const noexcept {
        const std::size_t page = static_cast<std::size_t>(fd) / rows_per_page;
        return fd < 0 || page >= pages_.size() ? nullptr : pages_[page].get();
    }

    std::vector<std::unique_ptr<Page>> pages_;
    std::vector<Slot*>
        moved_;  // those a RegistrationId may name with another number, or no row has
    std::size_t size_ = 0;
};

}  // namespace eventp::detail
