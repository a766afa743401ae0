// SPDX-License-Identifier: MIT
#include <cstdint>

#include <gtest/gtest.h>

#include "examples/load/histogram.hpp"

namespace {

TEST(LoadHistogram, ReportsAQuantileWithinOnePartInThirtyTwo) {
    load::Histogram histogram;
    for (std::uint64_t ns = 1; ns <= 1'000'000; ++ns) {
        histogram.add(ns);
    }

    EXPECT_GE(histogram.quantile(0.5), 500'000U);
    EXPECT_LE(histogram.quantile(0.5), 500'000U + 500'000U / 32);
    EXPECT_GE(histogram.quantile(0.99), 990'000U);
    EXPECT_LE(histogram.quantile(0.99), 990'000U + 990'000U / 32);
}

TEST(LoadHistogram, AcceptsEveryValue) {
    load::Histogram histogram;
    histogram.add(0);
    EXPECT_EQ(histogram.quantile(0.99), 0U);

    histogram.add(UINT64_MAX);

    EXPECT_EQ(histogram.quantile(1), UINT64_MAX);
    EXPECT_EQ(histogram.total(), 2U);
}

TEST(LoadHistogram, IsZeroWithoutSamples) {
    EXPECT_EQ(load::Histogram{}.quantile(0.5), 0U);
}

}  // namespace
