// SPDX-License-Identifier: MIT
#include <eventp/exit_status.hpp>

#include <csignal>

#include <gtest/gtest.h>

namespace eventp {
namespace {

static_assert(sizeof(ExitStatus) == 8);

TEST(ExitStatus, DistinguishesTheWaysToExit) {  // [child.status]
    constexpr ExitStatus well = ExitStatus::exited(0);
    EXPECT_TRUE(well.is_success());
    EXPECT_EQ(well.code(), 0);
    EXPECT_EQ(well.signal(), std::nullopt);

    constexpr ExitStatus badly = ExitStatus::exited(3);
    EXPECT_FALSE(badly.is_success());
    EXPECT_EQ(badly.code(), 3);

    constexpr ExitStatus killed = ExitStatus::signaled(SIGTERM, /*core_dumped=*/false);
    EXPECT_FALSE(killed.is_success());
    EXPECT_EQ(killed.code(), std::nullopt);
    EXPECT_EQ(killed.signal(), SIGTERM);
    EXPECT_FALSE(killed.core_dumped());

    constexpr ExitStatus dumped = ExitStatus::signaled(SIGSEGV, /*core_dumped=*/true);
    EXPECT_EQ(dumped.signal(), SIGSEGV);
    EXPECT_TRUE(dumped.core_dumped());
    EXPECT_NE(dumped, ExitStatus::signaled(SIGSEGV, false));

    constexpr ExitStatus unknown = ExitStatus::unknown();
    EXPECT_TRUE(unknown.is_unknown());
    EXPECT_FALSE(unknown.is_success());
    EXPECT_EQ(unknown.code(), std::nullopt);
    EXPECT_EQ(unknown.signal(), std::nullopt);
    EXPECT_FALSE(well.is_unknown() || killed.is_unknown());
}

TEST(ExitStatus, ReadsAsASentence) {  // [child.status]
    EXPECT_EQ(to_string(ExitStatus::exited(3)), "exited with 3");
    EXPECT_EQ(to_string(ExitStatus::signaled(9, false)), "killed by signal 9");
    EXPECT_EQ(to_string(ExitStatus::signaled(11, true)), "killed by signal 11, core dumped");
    EXPECT_EQ(to_string(ExitStatus::unknown()), "unknown");
}

}  // namespace
}  // namespace eventp
