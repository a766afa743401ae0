// SPDX-License-Identifier: MIT
// Expect: eventp: a handler takes any of Fd&, const Fd&, Event, Interest, RegistrationId and
// Expect: ReactorOps&
#include <eventp/builder.hpp>

#if defined(EVENTP_CORRECTED)
using Given = eventp::Event&;
#else
using Given = eventp::Event&&;
#endif

void misuse(eventp::ReactorOps& reactor) {
    static_cast<void>(eventp::interest()
                          .with_fd(eventp::BorrowedFd{7})
                          .with_handler([](Given) {})
                          .register_into(reactor));
}
