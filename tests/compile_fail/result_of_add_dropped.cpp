// SPDX-License-Identifier: MIT
// Expect: nodiscard
#include <eventp/reactor.hpp>

#pragma GCC diagnostic error "-Wunused-result"

void misuse(eventp::Reactor& reactor, eventp::AnySubscriber& subscriber) {
#if defined(EVENTP_CORRECTED)
    static_cast<void>(reactor.add(subscriber));
#else
    reactor.add(subscriber);
#endif
}
