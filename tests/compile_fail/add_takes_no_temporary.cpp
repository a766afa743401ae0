// SPDX-License-Identifier: MIT
// Expect: ThinSubscriber
#include <utility>

#include <eventp/builder.hpp>

// On an error the subscriber is still its owner's: there has to be one.
eventp::Result<eventp::Registration> misuse(eventp::ReactorOps& reactor,
                                            eventp::ThinSubscriber subscriber) {
#if defined(EVENTP_CORRECTED)
    return reactor.add(subscriber);
#else
    return reactor.add(std::move(subscriber));
#endif
}
