// SPDX-License-Identifier: MIT
// Expect: eventp: a member function that is a handler must belong to the descriptor object that it
// is Expect: registered with
#include <eventp/builder.hpp>

struct Door {
    int fd() const { return 7; }
    void on_event(eventp::Event);
};
struct Window {
    int fd() const { return 8; }
    void on_event(eventp::Event);
};

#if defined(EVENTP_CORRECTED)
using Opened = Door;
#else
using Opened = Window;
#endif

void misuse(eventp::ReactorOps& reactor) {
    static_cast<void>(
        eventp::interest().with_fd(Door{}).with_handler<&Opened::on_event>().register_into(
            reactor));
}
