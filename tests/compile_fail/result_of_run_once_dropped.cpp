// SPDX-License-Identifier: MIT
// Expect: nodiscard
#include <eventp/reactor.hpp>

#pragma GCC diagnostic error "-Wunused-result"

void misuse(eventp::Reactor& reactor) {
#if defined(EVENTP_CORRECTED)
    static_cast<void>(reactor.run_once());
#else
    reactor.run_once();
#endif
}
