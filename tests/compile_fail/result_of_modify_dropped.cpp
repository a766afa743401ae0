// SPDX-License-Identifier: MIT
// Expect: nodiscard
#include <eventp/builder.hpp>
#include <eventp/reactor.hpp>

#pragma GCC diagnostic error "-Wunused-result"

void misuse(eventp::Reactor& reactor, eventp::RegistrationId name) {
#if defined(EVENTP_CORRECTED)
    static_cast<void>(reactor.modify(name, eventp::interest().read()));
#else
    reactor.modify(name, eventp::interest().read());
#endif
}
