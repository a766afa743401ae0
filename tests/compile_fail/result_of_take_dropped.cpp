// SPDX-License-Identifier: MIT
// Expect: nodiscard
#include <eventp/reactor.hpp>

#pragma GCC diagnostic error "-Wunused-result"

void misuse(eventp::Reactor& reactor, eventp::Registration name) {
#if defined(EVENTP_CORRECTED)
    reactor.remove(name);
#else
    reactor.take(name);
#endif
}
