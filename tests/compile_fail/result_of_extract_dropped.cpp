// SPDX-License-Identifier: MIT
// Expect: nodiscard
#include <eventp/reactor.hpp>

#pragma GCC diagnostic error "-Wunused-result"

void misuse(eventp::Reactor& reactor, eventp::RegistrationId name) {
#if defined(EVENTP_CORRECTED)
    reactor.remove(name);
#else
    reactor.extract(name);
#endif
}
