// SPDX-License-Identifier: MIT
// Expect: run_once
#include <eventp/builder.hpp>

void on_event(eventp::ReactorOps& reactor) {
#if defined(EVENTP_CORRECTED)
    reactor.stop();
#else
    static_cast<void>(reactor.run_once());
#endif
}
