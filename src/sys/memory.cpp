// SPDX-License-Identifier: MIT
#include "sys/memory.hpp"

#include <cstddef>

#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sys/common.hpp"

namespace eventp::inline EVENTP_ABI_NAMESPACE::sys {

std::size_t page_size() noexcept {
    return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

void* map_two_pages() noexcept {
    void* pages = ::mmap(nullptr, 2 * page_size(), PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return pages == MAP_FAILED ? nullptr : pages;
}

void unmap_two_pages(void* pages) noexcept {
    static_cast<void>(::munmap(pages, 2 * page_size()));
}

int wipe_on_fork(void* page) noexcept {
    return result_of(::madvise(page, page_size(), MADV_WIPEONFORK));
}

int call_in_forked_child(void (*handler)() noexcept) noexcept {
    return -::pthread_atfork(nullptr, nullptr, handler);
}

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE::sys
