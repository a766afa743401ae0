// SPDX-License-Identifier: MIT
#pragma once

// Promises of every public header:
// [header.standard] compiled without -std=c++23 the first error says so, and at most two follow.
// [header.macros]   it compiles after macros of Qt, X11, ncurses, <complex.h> and the C library.
// [header.static]   it has no static initialiser.
// [header.csignal]  <eventp/signal.hpp> includes <csignal>.

// The compiler continues after an #error, and prints hundreds of errors more. It stops at a header
// that does not exist.
#if !defined(__linux__)
#error "eventp supports Linux only: epoll(7), eventfd(2), timerfd(2), signalfd(2)."
#include <eventp-needs-linux>
#endif

#if __cplusplus <= 202002L
#error "eventp needs C++23: compile with -std=c++23."
#include <eventp-needs-std=c++23>
#endif

#include <version>

#if !defined(__cpp_lib_expected)
#error "eventp needs std::expected: GCC 12 or later, or clang 19 or later with libstdc++."
#include <eventp-needs-a-newer-compiler>
#endif

#include <eventp/detail/link_check.hpp>  // IWYU pragma: export
#include <eventp/version.hpp>            // IWYU pragma: export

// epoll_event.data is 64 bits wide; the address of a subscriber has to fit in it.
static_assert(sizeof(void*) == 8, "eventp supports 64-bit targets only.");

// Public symbols; everything else in the library is hidden.
#define EVENTP_API [[gnu::visibility("default")]]
// For templates that compare or store the identity of a type (detail::identity_of). Otherwise GCC
// exports their instances for hidden types too, and one shared object uses those of another.
#define EVENTP_LOCAL [[gnu::visibility("hidden")]]
