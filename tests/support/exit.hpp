// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <utility>

#include <gtest/gtest.h>

#include <eventp/child.hpp>
#include <eventp/reactor.hpp>

namespace eventp::support {

/// Registers a child in a reactor and runs that until the handler was called. Returns the status.
inline std::optional<ExitStatus> run_until_exit(ChildProcess child) {
    Reactor reactor;
    std::optional<ExitStatus> out;
    const auto id = std::move(child)
                        .on_exit([&out](ExitStatus status, ReactorOps& ops) {
                            out = status;
                            ops.stop();
                        })
                        .register_into(reactor);
    EXPECT_TRUE(id);
    EXPECT_TRUE(reactor.run());
    EXPECT_EQ(reactor.stats().registered, 0U);
    return out;
}

}  // namespace eventp::support
