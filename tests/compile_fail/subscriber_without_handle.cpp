// SPDX-License-Identifier: MIT
// Expect: Subscriber
#include <eventp/builder.hpp>

struct Door {
    int fd() const { return 7; }
    eventp::Interest interest() const { return {}; }
#if defined(EVENTP_CORRECTED)
    void handle(eventp::Event);
#endif
};

eventp::AnySubscriber misuse() {
    return eventp::AnySubscriber::make<Door>();
}
