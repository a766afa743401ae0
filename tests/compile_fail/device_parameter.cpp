// SPDX-License-Identifier: MIT
// Expect: a handler takes any of Fd&, const Fd&, Event, Interest, RegistrationId and ReactorOps&
#include <eventp/builder.hpp>
#include <eventp/device.hpp>

struct Disk {
    eventp::OwnedFd kick;
#ifdef EVENTP_CORRECTED
    void on_kick(eventp::OwnedFd&) {}
#else
    void on_kick(int) {}
#endif
};

// [device.handlers]
void add(eventp::ReactorOps& reactor) {
    static_cast<void>(eventp::device<Disk>()
                          .watch<&Disk::kick, &Disk::on_kick>(eventp::interest().read())
                          .register_into(reactor));
}
