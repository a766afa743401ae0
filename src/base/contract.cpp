// SPDX-License-Identifier: MIT
#include <eventp/detail/contract.hpp>

#include <cstdio>
#include <cstdlib>

#include <eventp/detail/exceptions.hpp>

namespace eventp::inline EVENTP_ABI_NAMESPACE::detail {

// Cold: kept out of the functions that check, by a link that inlines.
[[gnu::cold]] void contract_failed(const char* text, std::source_location where) noexcept {
    static_cast<void>(std::fprintf(stderr, "eventp: %s (%s:%u)\n", text, where.file_name(),
                                   static_cast<unsigned>(where.line())));
    std::abort();
}

void require_exceptions_in_library(bool program_has_exceptions) noexcept {
#if defined(__cpp_exceptions)
    static_cast<void>(program_has_exceptions);
#else
    expects(!program_has_exceptions,
            "this program was built with exceptions and linked with a library built without them");
#endif
}

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE::detail
