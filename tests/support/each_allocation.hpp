// SPDX-License-Identifier: MIT
#pragma once

#if defined(__cpp_exceptions)

#include <functional>
#include <new>

#include <gtest/gtest.h>

#include "support/failing_new.hpp"

namespace eventp::support {

/// Calls `attempt` again and again, and each time makes the next one of its allocations fail, until
/// it succeeds. Calls `unchanged` after each failure. Returns the number of allocations. At most
/// `kept` allocations may remain after a failure: a reactor keeps a directory of rows.
inline int fail_at_each_allocation(const std::function<void()>& attempt,
                                   const std::function<void()>& unchanged, long kept = 1) {
    for (int nth = 0;; ++nth) {
        bool thrown = false;
        const long live = live_allocations();
        {
            const FailingNew failing{nth};
            try {
                attempt();
            } catch (const std::bad_alloc&) {
                thrown = true;
            }
            if (!failing.has_failed()) {
                EXPECT_FALSE(thrown);
                return nth;
            }
        }
        EXPECT_TRUE(thrown) << "an allocation failed and no exception was thrown";
        EXPECT_GE(live_allocations(), live) << "freed too much";
        EXPECT_LE(live_allocations(), live + kept) << "leaked";
        unchanged();
    }
}

}  // namespace eventp::support

#endif
