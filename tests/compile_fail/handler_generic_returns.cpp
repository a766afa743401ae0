// SPDX-License-Identifier: MIT
// Expect: eventp: a handler must return void; its result would be ignored
#include <eventp/builder.hpp>

void misuse(eventp::ReactorOps& reactor) {
    const auto handler = [](auto& fd) {
#if defined(EVENTP_CORRECTED)
        static_cast<void>(fd.fd());
#else
        return fd.fd();
#endif
    };
    static_cast<void>(eventp::interest()
                          .with_fd(eventp::BorrowedFd{7})
                          .with_handler(handler)
                          .register_into(reactor));
}
