// SPDX-License-Identifier: MIT
#include "base/fork_guard.hpp"

#include <bit>
#include <cerrno>
#include <cstddef>
#include <memory>
#include <new>
#include <span>

#include <eventp/detail/contract.hpp>

#include "sys/memory.hpp"

namespace eventp::inline EVENTP_ABI_NAMESPACE::detail {

namespace {

/// The cells of a page. The rest of a page that is larger is not used.
struct Cells {
    static constexpr std::size_t count = 64;
    WipedCell cells[count];  // NOLINT(modernize-avoid-c-arrays): the layout of a page
};
static_assert(sizeof(Cells) == 4096);

/// Which of the cells in the page after this one are in use: bit i is cell i. Lock-free, because a
/// lock that another thread holds while this one forks is never released in the child.
struct Page {
    Cells* wiped = nullptr;
    std::atomic<std::uint64_t> used{0};
    Page* next = nullptr;
};

// NOLINTBEGIN(cppcoreguidelines-avoid-non-const-global-variables): forks concern the process.
constinit std::atomic<Page*> pages{nullptr};
/// Its `process` is 0 in a child that has not called current_process() yet.
constinit std::atomic<WipedCell*> process_cell{nullptr};
constinit std::atomic<ProcessNumber> last_number{0};  // a child continues from its parent's number
constinit std::atomic<bool> clears_at_fork{false};
// NOLINTEND(cppcoreguidelines-avoid-non-const-global-variables)

/// In a child, if the kernel does not clear the pages.
void clear_pages() noexcept {
    for (const Page* page = pages.load(std::memory_order_acquire); page != nullptr;
         page = page->next) {
        for (WipedCell& cell : std::span{page->wiped->cells}) {
            std::construct_at(&cell);
        }
    }
}

/// Arranges for the page to be cleared in a child. Returns -errno.
int wipe_on_fork(Cells* wiped) noexcept {
    if (sys::wipe_on_fork(wiped) == 0 || clears_at_fork.exchange(true)) {
        return 0;
    }
    const int answer = sys::call_in_forked_child(&clear_pages);
    if (answer < 0) {
        clears_at_fork.store(false);
    }
    return answer;
}

/// Adds a page with one cell in use; null if there is no memory.
WipedCell* cell_of_new_page() noexcept {
    void* memory = sys::map_two_pages();
    if (memory == nullptr) {
        return nullptr;
    }
    Page* page = ::new (memory) Page;
    page->wiped = ::new (static_cast<std::byte*>(memory) + sys::page_size()) Cells{};
    if (wipe_on_fork(page->wiped) < 0) {
        sys::unmap_two_pages(memory);
        return nullptr;
    }
    page->used.store(1, std::memory_order_relaxed);
    page->next = pages.load(std::memory_order_relaxed);
    // Ordering: release, so that a thread that finds the page finds it complete.
    while (!pages.compare_exchange_weak(page->next, page, std::memory_order_release,
                                        std::memory_order_relaxed)) {
    }
    return &page->wiped->cells[0];
}

/// A free cell of a page; null if all are in use.
WipedCell* cell_of(Page& page) noexcept {
    std::uint64_t used = page.used.load(std::memory_order_relaxed);
    while (used != ~std::uint64_t{0}) {
        const auto index = static_cast<std::size_t>(std::countr_one(used));
        // Ordering: acquire pairs with the release of give_back(): the last owner is done with it.
        if (page.used.compare_exchange_weak(used, used | (std::uint64_t{1} << index),
                                            std::memory_order_acquire, std::memory_order_relaxed)) {
            return &page.wiped->cells[index];
        }
    }
    return nullptr;
}

WipedCell* allocate_cell() noexcept {
    for (Page* page = pages.load(std::memory_order_acquire); page != nullptr; page = page->next) {
        if (WipedCell* cell = cell_of(*page); cell != nullptr) {
            return cell;
        }
    }
    return cell_of_new_page();
}

void give_back(WipedCell* cell) noexcept {
    for (Page* page = pages.load(std::memory_order_acquire); page != nullptr; page = page->next) {
        const std::span<WipedCell> cells{page->wiped->cells};
        if (cell >= cells.data() && cell < cells.data() + cells.size()) {
            const auto index = static_cast<unsigned>(cell - cells.data());
            page->used.fetch_and(~(std::uint64_t{1} << index), std::memory_order_release);
        }
    }
}

}  // namespace

int prepare_fork_detection() noexcept {
    if (process_cell.load(std::memory_order_acquire) != nullptr) {
        return 0;
    }
    WipedCell* cell = allocate_cell();
    if (cell == nullptr) {
        return -ENOMEM;
    }
    WipedCell* none = nullptr;
    if (!process_cell.compare_exchange_strong(none, cell, std::memory_order_acq_rel)) {
        give_back(cell);
    }
    return 0;
}

ProcessNumber current_process() noexcept {
    std::atomic<ProcessNumber>& number = process_cell.load(std::memory_order_acquire)->process;
    ProcessNumber now = number.load(std::memory_order_relaxed);
    if (now != 0) [[likely]] {
        return now;
    }
    const ProcessNumber fresh = last_number.fetch_add(1, std::memory_order_relaxed) + 1;
    return number.compare_exchange_strong(now, fresh, std::memory_order_relaxed) ? fresh : now;
}

WipedMemory::WipedMemory() noexcept : cell_{allocate_cell()} {
    if (cell_ != nullptr) {
        std::construct_at(cell_);
    }
}

WipedMemory::~WipedMemory() {
    if (cell_ != nullptr) {
        give_back(cell_);
    }
}

void UserGate::expect_no_other_thread(ThreadToken user) noexcept {
    expects(user == nullptr || user == closed || user == reading_fd,
            "a Reactor, or a Timers in it, is used from another thread while it runs: use a "
            "std::stop_token or a RemoteEndpoint");
}

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE::detail
