// SPDX-License-Identifier: MIT
// Expect: deleted
#include <utility>

#include <eventp/reactor.hpp>

void misuse(eventp::Reactor& reactor) {
#if defined(EVENTP_CORRECTED)
    eventp::Reactor& other = reactor;
#else
    eventp::Reactor other = std::move(reactor);
#endif
    other.stop();
}
