// SPDX-License-Identifier: MIT
#include <eventp/version.hpp>

namespace eventp::inline EVENTP_ABI_NAMESPACE {

std::string_view version() noexcept {
    return EVENTP_VERSION_STRING;
}

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE
