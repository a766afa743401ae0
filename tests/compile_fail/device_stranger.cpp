// SPDX-License-Identifier: MIT
// Expect: eventp: the second argument of watch<Where, Function> must be a member function of the
// Expect: device that is not volatile, variadic or &&-qualified
#include <eventp/builder.hpp>
#include <eventp/device.hpp>

struct Disk {
    eventp::OwnedFd kick;
    void on_kick() {}
};
void on_kick(Disk&);

// [device.handlers]
void add(eventp::ReactorOps& reactor) {
    static_cast<void>(eventp::device<Disk>()
#ifdef EVENTP_CORRECTED
                          .watch<&Disk::kick, &Disk::on_kick>(eventp::interest().read())
#else
                          .watch<&Disk::kick, &on_kick>(eventp::interest().read())
#endif
                          .register_into(reactor));
}
