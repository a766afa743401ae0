// SPDX-License-Identifier: MIT
// Expect: what a device watches is a Descriptor, not a number
#include <eventp/builder.hpp>
#include <eventp/device.hpp>

struct Disk {
#ifdef EVENTP_CORRECTED
    eventp::BorrowedFd kick;
#else
    int kick = -1;
#endif
    void on_kick() {}
};

// [device.handlers]
void add(eventp::ReactorOps& reactor) {
    static_cast<void>(eventp::device<Disk>()
                          .watch<&Disk::kick, &Disk::on_kick>(eventp::interest().read())
                          .register_into(reactor));
}
