// SPDX-License-Identifier: MIT
// Expect: eventp: with_fd() takes a descriptor object (fd(), native_handle() or as_fd(x) returns
// Expect: It does not take an int: pass OwnedFd{fd}, which closes it, or BorrowedFd{fd}, which does
#include <eventp/builder.hpp>

auto misuse(int number) {
#if defined(EVENTP_CORRECTED)
    return eventp::interest().read().with_fd(eventp::BorrowedFd{number});
#else
    return eventp::interest().read().with_fd(number);
#endif
}
