// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace bench {

/// A hash table of numbers in one array, open addressing, at most half full: as fast as the
/// tables that such loops are written with.
template <typename Value, typename Hash>
class FlatMap {
public:
    [[nodiscard]] Value* find(std::uint64_t key) noexcept {
        for (std::size_t at = place_of(key);; at = next(at)) {
            if (!cells_[at].used) {
                return nullptr;
            }
            if (cells_[at].key == key) {
                return &cells_[at].value;
            }
        }
    }

    void insert(std::uint64_t key, Value value) {
        if ((size_ + 1) * 2 > cells_.size()) {
            grow();
        }
        std::size_t at = place_of(key);
        while (cells_[at].used) {
            at = next(at);
        }
        cells_[at] = {std::move(value), key, true};
        ++size_;
    }

    /// For a key that is in the table. Cells after it move up, so that no search stops too early.
    void erase(std::uint64_t key) noexcept {
        std::size_t hole = place_of(key);
        while (cells_[hole].key != key || !cells_[hole].used) {
            hole = next(hole);
        }
        for (std::size_t at = next(hole); cells_[at].used; at = next(at)) {
            const std::size_t wanted = place_of(cells_[at].key);
            if (((at - wanted) & mask()) >= ((at - hole) & mask())) {
                cells_[hole] = std::move(cells_[at]);
                hole = at;
            }
        }
        cells_[hole] = Cell{};
        --size_;
    }

private:
    struct Cell {
        Value value{};
        std::uint64_t key = 0;
        bool used = false;
    };

    [[nodiscard]] std::size_t mask() const noexcept { return cells_.size() - 1; }
    [[nodiscard]] std::size_t place_of(std::uint64_t key) const noexcept {
        return static_cast<std::size_t>(hash_(key)) & mask();
    }
    [[nodiscard]] std::size_t next(std::size_t at) const noexcept { return (at + 1) & mask(); }

    void grow() {
        std::vector<Cell> old(cells_.size() * 2);
        old.swap(cells_);
        size_ = 0;
        for (Cell& cell : old) {
            if (cell.used) {
                insert(cell.key, std::move(cell.value));
            }
        }
    }

    Hash hash_;
    std::vector<Cell> cells_{std::vector<Cell>(16)};
    std::size_t size_ = 0;
};

}  // namespace bench
