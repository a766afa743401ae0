// SPDX-License-Identifier: MIT
// Expect: eventp: a member function that is a handler must belong to the descriptor object that it
// is Expect: registered with
#include <eventp/builder.hpp>

struct Door {
    int fd() const { return 7; }
    void on_event(eventp::Event);
};

#if defined(EVENTP_CORRECTED)
using Opened = Door;
#else
using Opened = const Door;
#endif

void misuse(eventp::ReactorOps& reactor, Opened& door) {
    static_cast<void>(
        eventp::interest().with_fd(&door).with_handler<&Door::on_event>().register_into(reactor));
}
