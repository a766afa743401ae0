// SPDX-License-Identifier: MIT
#include <eventp/detail/link_check.hpp>

namespace eventp::inline EVENTP_ABI_NAMESPACE::link_check {

// Each name says what is wrong when it is *not* defined.
#if defined(__cpp_exceptions)
Marker library_was_built_with_fno_exceptions_this_file_not = 0;
#endif
#if defined(_GLIBCXX_DEBUG)
Marker library_was_built_without_glibcxx_debug_this_file_with = 0;
#else
Marker library_was_built_with_glibcxx_debug_this_file_without = 0;
#endif

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE::link_check
