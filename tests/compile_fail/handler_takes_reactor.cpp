// SPDX-License-Identifier: MIT
// Expect: eventp: a handler takes ReactorOps&, not Reactor&: a handler must not run, move or
// Expect: destroy the reactor that called it
#include <eventp/builder.hpp>
#include <eventp/reactor.hpp>

#if defined(EVENTP_CORRECTED)
using Given = eventp::ReactorOps;
#else
using Given = eventp::Reactor;
#endif

void misuse(eventp::Reactor& reactor) {
    static_cast<void>(eventp::interest()
                          .with_fd(eventp::BorrowedFd{7})
                          .with_handler([](Given&) {})
                          .register_into(reactor));
}
