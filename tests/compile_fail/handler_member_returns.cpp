// SPDX-License-Identifier: MIT
// Expect: eventp: a handler must return void; its result would be ignored
#include <eventp/builder.hpp>

#if defined(EVENTP_CORRECTED)
using Answer = void;
#else
using Answer = bool;
#endif

struct Door {
    int fd() const { return 7; }
    Answer on_event(eventp::Event);
};

void misuse(eventp::ReactorOps& reactor) {
    static_cast<void>(
        eventp::interest().with_fd(Door{}).with_handler<&Door::on_event>().register_into(reactor));
}
