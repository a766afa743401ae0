// SPDX-License-Identifier: MIT
// Expect: eventp: with_fd() takes a descriptor object (fd(), native_handle() or as_fd(x) returns
#include <eventp/builder.hpp>

struct Door {
#if defined(EVENTP_CORRECTED)
    int fd() const { return 7; }
#else
    long fd() const { return 7; }
#endif
};

auto misuse(Door door) {
    return eventp::interest().read().with_handler([] {}).with_fd(door);
}
