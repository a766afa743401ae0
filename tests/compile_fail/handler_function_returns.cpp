// SPDX-License-Identifier: MIT
// Expect: eventp: a handler returns void: there is nobody to read its result
#include <eventp/builder.hpp>

#if defined(EVENTP_CORRECTED)
using Answer = void;
#else
using Answer = int;
#endif

Answer on_event(eventp::Event);

void misuse(eventp::ReactorOps& reactor) {
    static_cast<void>(eventp::interest()
                          .with_fd(eventp::BorrowedFd{7})
                          .with_handler(on_event)
                          .register_into(reactor));
}
