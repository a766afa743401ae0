// SPDX-License-Identifier: MIT
#pragma once

#if !defined(__linux__)
#error "eventp supports Linux only: epoll(7), eventfd(2), timerfd(2), signalfd(2)."
#endif

#include <version>

#include <eventp/version.hpp>  // IWYU pragma: export

#if !defined(__cpp_lib_expected)
#error "eventp needs std::expected. Known good: GCC >= 12; Clang >= 19 with libstdc++."
#endif

// epoll_event.data is 64 bits wide; the address of a subscriber has to fit in it.
static_assert(sizeof(void*) == 8, "eventp supports 64-bit targets only.");

// Public symbols; everything else in the library is hidden.
#define EVENTP_API [[gnu::visibility("default")]]
