// SPDX-License-Identifier: MIT
// Expect: eventp: a member function that is a handler must not be volatile, variadic or
// Expect: &&-qualified
#include <eventp/builder.hpp>

struct Door {
    int fd() const { return 7; }
#if defined(EVENTP_CORRECTED)
    void on_event(eventp::Event) &;
#else
    void on_event(eventp::Event) &&;
#endif
};

void misuse(eventp::ReactorOps& reactor) {
    static_cast<void>(
        eventp::interest().with_fd(Door{}).with_handler<&Door::on_event>().register_into(reactor));
}
