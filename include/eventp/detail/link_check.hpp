// SPDX-License-Identifier: MIT
#pragma once

#include <eventp/version.hpp>

// A program does not link with a library that was compiled in a way that does not fit. Each object
// file that includes this header refers to variables that only a fitting library defines, and the
// linker prints the name of the one that is missing:
//
// [link.exceptions] a program with exceptions needs a library with exceptions: otherwise an
// exception of a handler passes through dispatch without unwinding it. The opposite works.
// [link.debug_mode] the program and the library agree about _GLIBCXX_DEBUG, which changes the
// layout of the standard containers.
//
// Two versions of the library do not see each other's variables, because of the inline namespace.
namespace eventp::inline EVENTP_ABI_NAMESPACE::link_check {

using Marker = const char;

#if defined(__cpp_exceptions)
[[gnu::visibility("default")]] extern Marker library_was_built_with_fno_exceptions_this_file_not;
#endif
#if defined(_GLIBCXX_DEBUG)
[[gnu::visibility("default")]] extern Marker library_was_built_without_glibcxx_debug_this_file_with;
#else
[[gnu::visibility("default")]] extern Marker library_was_built_with_glibcxx_debug_this_file_without;
#endif

// Used and retained: neither the compiler nor --gc-sections removes a reference that nothing reads.
// Hidden: an exported inline variable would prevent dlclose(3) (STB_GNU_UNIQUE).
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wattributes"  // `retain`, with binutils before 2.36
#if defined(__cpp_exceptions)
[[gnu::used, gnu::retain, gnu::visibility("hidden")]] inline constexpr Marker* exceptions =
    &library_was_built_with_fno_exceptions_this_file_not;
#endif
#if defined(_GLIBCXX_DEBUG)
[[gnu::used, gnu::retain, gnu::visibility("hidden")]] inline constexpr Marker* debug_mode =
    &library_was_built_without_glibcxx_debug_this_file_with;
#else
[[gnu::used, gnu::retain, gnu::visibility("hidden")]] inline constexpr Marker* release_mode =
    &library_was_built_with_glibcxx_debug_this_file_without;
#endif
#pragma GCC diagnostic pop

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE::link_check
