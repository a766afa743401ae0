// SPDX-License-Identifier: MIT
// Expect: eventp: a handler takes any of Fd&, const Fd&, Event, Interest, RegistrationId and
// Expect: ReactorOps&
#include <eventp/builder.hpp>

#if defined(EVENTP_CORRECTED)
using Fd = eventp::BorrowedFd&;
#else
using Fd = eventp::OwnedFd&;
#endif

void on_event(Fd) {}

void misuse(eventp::ReactorOps& reactor) {
    static_cast<void>(eventp::interest()
                          .with_fd(eventp::BorrowedFd{7})
                          .with_handler(on_event)
                          .register_into(reactor));
}
