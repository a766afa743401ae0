// SPDX-License-Identifier: MIT
#pragma once

// The version of these headers. The macros work in C and in every standard of C++.
// [version.headers] CMakeLists.txt reads the numbers too.
#define EVENTP_VERSION_MAJOR 0
#define EVENTP_VERSION_MINOR 1
#define EVENTP_VERSION_PATCH 0
#define EVENTP_VERSION_STRING                  \
    EVENTP_DETAIL_STRING(EVENTP_VERSION_MAJOR) \
    "." EVENTP_DETAIL_STRING(EVENTP_VERSION_MINOR) "." EVENTP_DETAIL_STRING(EVENTP_VERSION_PATCH)

#define EVENTP_DETAIL_STRING(number) EVENTP_DETAIL_STRING_OF(number)
#define EVENTP_DETAIL_STRING_OF(number) #number

// Everything in namespace eventp is in this inline namespace, so that one process can contain two
// versions of the library: no symbol of one has the name of a symbol of the other. [abi.namespace]
#define EVENTP_ABI_NAMESPACE EVENTP_DETAIL_ABI_OF(EVENTP_VERSION_MAJOR, EVENTP_VERSION_MINOR)
#define EVENTP_DETAIL_ABI_OF(first, second) EVENTP_DETAIL_ABI_NAME(first, second)
#define EVENTP_DETAIL_ABI_NAME(first, second) v##first##_##second

#if defined(__cplusplus) && __cplusplus > 202002L

#include <string_view>

namespace eventp::inline EVENTP_ABI_NAMESPACE {

/// The version of the library that the program is running with, in the form of
/// EVENTP_VERSION_STRING. They differ if another patch release of the shared library was installed
/// after the program was compiled; a library with another EVENTP_VERSION_MINOR is not loaded, or
/// does not link.
/// Thread safety:  any thread.
/// [version.runtime]
[[nodiscard, gnu::visibility("default")]] std::string_view version() noexcept;

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE

#endif
