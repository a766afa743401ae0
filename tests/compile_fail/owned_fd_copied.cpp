// SPDX-License-Identifier: MIT
// Expect: deleted
#include <utility>

#include <eventp/builder.hpp>

void misuse(eventp::OwnedFd& to, eventp::OwnedFd& from) {
#if defined(EVENTP_CORRECTED)
    to = std::move(from);
#else
    to = from;
#endif
}
