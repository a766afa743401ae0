// SPDX-License-Identifier: MIT
// Expect: eventp: a handler takes each of its parameters once
#include <eventp/builder.hpp>

#if defined(EVENTP_CORRECTED)
using Second = eventp::Interest;
#else
using Second = const eventp::Event&;
#endif

void misuse(eventp::ReactorOps& reactor) {
    static_cast<void>(eventp::interest()
                          .with_fd(eventp::BorrowedFd{7})
                          .with_handler([](eventp::Event, Second) {})
                          .register_into(reactor));
}
