// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <functional>
#include <new>

#include <gtest/gtest.h>

namespace eventp::support {

// For tests that link allocations.cpp, which replaces the global operators new and delete.

/// What went through operator new in this program, since it began.
struct Allocations {
    std::size_t made = 0;
    std::size_t live = 0;
    std::size_t last_size = 0;
};
[[nodiscard]] Allocations allocations() noexcept;

/// Makes one allocation of this program fail: the nth from now on, for as long as it lives.
class FailingNew {
public:
    explicit FailingNew(int nth) noexcept;
    FailingNew(const FailingNew&) = delete;
    FailingNew& operator=(const FailingNew&) = delete;
    ~FailingNew();

    [[nodiscard]] bool has_failed() const noexcept;
};

#if defined(__cpp_exceptions)

/// Calls `attempt` again and again, and each time makes the next one of its allocations fail, until
/// it succeeds. Calls `unchanged` after each failure. Returns the number of allocations. At most
/// `kept` allocations may remain after a failure: a reactor keeps a directory of rows.
inline int fail_at_each_allocation(const std::function<void()>& attempt,
                                   const std::function<void()>& unchanged, std::size_t kept = 1) {
    for (int nth = 0;; ++nth) {
        bool thrown = false;
        const std::size_t live = allocations().live;
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
        EXPECT_GE(allocations().live, live) << "freed too much";
        EXPECT_LE(allocations().live, live + kept) << "leaked";
        unchanged();
    }
}

#endif

}  // namespace eventp::support
