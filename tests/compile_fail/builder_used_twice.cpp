// SPDX-License-Identifier: MIT
// Expect: register_into
#include <utility>

#include <eventp/builder.hpp>

void misuse(eventp::ReactorOps& reactor) {
    auto ready = eventp::interest().with_fd(eventp::BorrowedFd{7}).with_handler([] {});
#if defined(EVENTP_CORRECTED)
    static_cast<void>(std::move(ready).register_into(reactor));
#else
    static_cast<void>(ready.register_into(reactor));  // it gives its parts away: once
#endif
}
