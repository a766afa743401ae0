// SPDX-License-Identifier: MIT
// Expect: deleted
#include <eventp/reactor.hpp>

void misuse(eventp::Reactor& reactor) {
#if defined(EVENTP_CORRECTED)
    eventp::Reactor& other = reactor;
#else
    eventp::Reactor other = reactor;
#endif
    other.stop();
}
