// SPDX-License-Identifier: MIT
// Expect: nodiscard
#include <eventp/builder.hpp>

#pragma GCC diagnostic error "-Wunused-result"

void misuse(eventp::ReactorOps& reactor) {
#if defined(EVENTP_CORRECTED)
    static_cast<void>(
#endif
        eventp::interest().with_fd(eventp::BorrowedFd{7}).with_handler([] {}).register_into(reactor)
#if defined(EVENTP_CORRECTED)
    )
#endif
        ;
}
