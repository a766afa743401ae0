// SPDX-License-Identifier: MIT
// Expect: eventp: the first argument of watch<Where, Function> must be a Descriptor, not an int:
// use Expect: OwnedFd, which closes it, or BorrowedFd, which does not
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
