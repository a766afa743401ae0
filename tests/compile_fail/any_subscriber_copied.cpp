// SPDX-License-Identifier: MIT
// Expect: deleted
#include <utility>

#include <eventp/builder.hpp>

eventp::AnySubscriber misuse(eventp::AnySubscriber& subscriber) {
#if defined(EVENTP_CORRECTED)
    return std::move(subscriber);
#else
    return subscriber;
#endif
}
