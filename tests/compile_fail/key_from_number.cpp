// SPDX-License-Identifier: MIT
// Expect: deleted
// Expect: RegistrationKey(T number)
#include <eventp/builder.hpp>

void misuse(eventp::ReactorOps& reactor, int number) {
#if defined(EVENTP_CORRECTED)
    reactor.remove(eventp::BorrowedFd{number});
#else
    reactor.remove(number);
#endif
}
