// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

#include <eventp/version.hpp>

/// Memory that a forked child finds zeroed. Results as in syscall.hpp.
namespace eventp::inline EVENTP_ABI_NAMESPACE::sys {

[[nodiscard]] std::size_t page_size() noexcept;
/// Two pages of zeros, one after the other; null if there is no memory.
[[nodiscard]] void* map_two_pages() noexcept;
void unmap_two_pages(void* pages) noexcept;

/// The page reads as zeros in forked children. -EINVAL before Linux 4.14.
[[nodiscard]] int wipe_on_fork(void* page) noexcept;

/// `handler` is called in each child of fork(), before that returns there.
[[nodiscard]] int call_in_forked_child(void (*handler)() noexcept) noexcept;

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE::sys
