// SPDX-License-Identifier: MIT
// Expect: eventp: exclusive() goes with none of read_hangup(), priority() and oneshot():
// Expect: epoll_ctl(2) answers EINVAL
#include <eventp/builder.hpp>

extern const eventp::Interest misuse;

#if defined(EVENTP_CORRECTED)
const eventp::Interest misuse = eventp::interest().read().exclusive().edge_triggered();
#else
const eventp::Interest misuse = eventp::interest().oneshot().edge_triggered().exclusive();
#endif
