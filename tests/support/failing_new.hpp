// SPDX-License-Identifier: MIT
#pragma once

namespace eventp::support {

/// Makes one allocation of this program fail: the nth from now on, for as long as it lives. A test
/// that links failing_new.cpp has the global operators replaced.
class FailingNew {
public:
    explicit FailingNew(int nth) noexcept;
    FailingNew(const FailingNew&) = delete;
    FailingNew& operator=(const FailingNew&) = delete;
    ~FailingNew();

    /// How many allocations were asked for.
    [[nodiscard]] int asked() const noexcept;
    [[nodiscard]] bool has_failed() const noexcept;
};

/// Allocations that are not freed yet.
[[nodiscard]] long live_allocations() noexcept;

}  // namespace eventp::support
