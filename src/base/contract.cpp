// SPDX-License-Identifier: MIT
#include <eventp/detail/contract.hpp>

#include <cstdio>
#include <cstdlib>

namespace eventp::inline EVENTP_ABI_NAMESPACE::detail {

// Cold, so that link-time optimisation does not inline it into the functions that check.
[[gnu::cold]] void contract_failed(const char* text, std::source_location where) noexcept {
    static_cast<void>(std::fprintf(stderr, "eventp: %s (%s:%u)\n", text, where.file_name(),
                                   static_cast<unsigned>(where.line())));
    std::abort();
}

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE::detail
