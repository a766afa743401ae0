// SPDX-License-Identifier: MIT
#pragma once

#include <eventp/fd.hpp>

namespace eventp::detail {

/// Makes a waiting reactor return: one eventfd, edge-triggered in the reactor's set.
///
/// Kernel: every write is a new edge, so the counter needs no read; it is read only when it is
/// full, once in 2^64 - 2 wake-ups (eventfd(2)).
/// Thread safety:  ring() from any thread, everything else thread-bound.
class Wakeup {
public:
    explicit Wakeup(int eventfd) noexcept : eventfd_{eventfd} {}

    [[nodiscard]] int fd() const noexcept { return eventfd_.fd(); }
    void ring() const noexcept;

private:
    OwnedFd eventfd_;
};

}  // namespace eventp::detail
