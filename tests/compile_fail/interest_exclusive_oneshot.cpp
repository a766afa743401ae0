// SPDX-License-Identifier: MIT
// Expect: exclusive_cannot_be_combined_with_read_hangup_priority_or_oneshot
#include <eventp/interest.hpp>

#if defined(EVENTP_CORRECTED)
constexpr eventp::Interest misuse = eventp::interest().read().exclusive().edge_triggered();
#else
constexpr eventp::Interest misuse = eventp::interest().exclusive().edge_triggered().oneshot();
#endif
