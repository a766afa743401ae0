// SPDX-License-Identifier: MIT
// Expect: eventp: no order of descriptor, Event, ReactorOps&, Interest and RegistrationId fits this
// Expect: handler: name them with with_handler<Args...>
#include <string>

#include <eventp/builder.hpp>

#if defined(EVENTP_CORRECTED)
using Known = eventp::Event;
#else
using Known = std::string;
#endif

void misuse(eventp::ReactorOps& reactor) {
    static_cast<void>(eventp::interest()
                          .with_fd(eventp::BorrowedFd{7})
                          .with_handler([](auto&, Known) {})
                          .register_into(reactor));
}
