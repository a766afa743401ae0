// SPDX-License-Identifier: MIT
// Expect: eventp: a handler takes any of Fd&, const Fd&, Event, Interest, RegistrationId and
// Expect: ReactorOps&
#include <eventp/builder.hpp>

#if defined(EVENTP_CORRECTED)
using Given = eventp::Event;
#else
using Given = int;
#endif

struct Door {
    int fd() const { return 7; }
    eventp::Interest interest() const { return {}; }
    void handle(Given);
};

eventp::AnySubscriber misuse() {
    return eventp::AnySubscriber::make<Door>();
}
