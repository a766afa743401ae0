// SPDX-License-Identifier: MIT
#pragma once

#include <pthread.h>

#include <eventp/version.hpp>

namespace eventp::inline EVENTP_ABI_NAMESPACE::detail {

/// Identifies a thread of the process; null is no thread. Not pthread_self(3), which is a call
/// through a table: after a system call the processor mispredicts that.
using ThreadToken = const void*;

[[nodiscard]] inline ThreadToken this_thread() noexcept {
#if __has_builtin(__builtin_thread_pointer)
    return __builtin_thread_pointer();
#else
    // Safety: an address with the C libraries of Linux, and never read through.
    return reinterpret_cast<ThreadToken>(pthread_self());
#endif
}

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE::detail
