// SPDX-License-Identifier: MIT
#pragma once

#include <gtest/gtest.h>

#include <unistd.h>

namespace eventp::support {

/// Kills a test that waits for something that never comes. Including this header is enough.
class Watchdog final : public ::testing::EmptyTestEventListener {
public:
    static constexpr unsigned seconds = 40;

private:
    void OnTestStart(const ::testing::TestInfo& /*test*/) override { ::alarm(seconds); }
    void OnTestEnd(const ::testing::TestInfo& /*test*/) override { ::alarm(0); }
};

inline const bool watchdog_is_there = [] {
    ::testing::UnitTest::GetInstance()->listeners().Append(new Watchdog);  // gtest owns it
    return true;
}();

}  // namespace eventp::support
