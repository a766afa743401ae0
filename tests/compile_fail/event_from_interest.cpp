// SPDX-License-Identifier: MIT
// Expect: eventp::Interest
// Expect: eventp::Event
#include <eventp/builder.hpp>

bool misuse(eventp::Interest interest) {
    const auto readable = [](eventp::Event event) { return event.is_readable(); };
#if defined(EVENTP_CORRECTED)
    return readable(eventp::Event{interest.bits()});
#else
    return readable(interest);
#endif
}
