// SPDX-License-Identifier: MIT
// Expect: eventp: with_fd() takes a descriptor object (fd(), native_handle() or as_fd(x) gives an
// Expect: int) or a pointer to one; for a number say OwnedFd{n} or BorrowedFd{n}
#include <eventp/builder.hpp>

auto misuse(int number) {
#if defined(EVENTP_CORRECTED)
    return eventp::interest().read().with_fd(eventp::BorrowedFd{number});
#else
    return eventp::interest().read().with_fd(number);
#endif
}
