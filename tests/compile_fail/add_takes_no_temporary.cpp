// SPDX-License-Identifier: MIT
// Expect: AnySubscriber
#include <utility>

#include <eventp/builder.hpp>

// On an error the subscriber is still its owner's: there has to be one.
eventp::Result<eventp::RegistrationId> misuse(eventp::ReactorOps& reactor,
                                              eventp::AnySubscriber subscriber) {
#if defined(EVENTP_CORRECTED)
    return reactor.add(subscriber);
#else
    return reactor.add(std::move(subscriber));
#endif
}
