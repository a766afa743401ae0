// SPDX-License-Identifier: MIT
// Expect: protected
#include <eventp/builder.hpp>

void on_event(eventp::ReactorOps& reactor) {
#if defined(EVENTP_CORRECTED)
    reactor.stop();
#else
    delete &reactor;
#endif
}
