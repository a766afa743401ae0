// SPDX-License-Identifier: MIT
// Expect: eventp: a handler must return void; its result would be ignored
#include <eventp/builder.hpp>

void misuse(eventp::ReactorOps& reactor) {
    const auto handler = [](eventp::Event event) {
#if defined(EVENTP_CORRECTED)
        static_cast<void>(event.is_error());
#else
        return event.is_error();
#endif
    };
    static_cast<void>(eventp::interest()
                          .with_fd(eventp::BorrowedFd{7})
                          .with_handler(handler)
                          .register_into(reactor));
}
