// SPDX-License-Identifier: MIT
// Expect: eventp::Event
// Expect: eventp::Interest
#include <eventp/builder.hpp>

eventp::Interest misuse(eventp::Event event) {
#if defined(EVENTP_CORRECTED)
    return eventp::Interest{event.bits()};
#else
    return event;
#endif
}
