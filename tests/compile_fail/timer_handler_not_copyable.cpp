// SPDX-License-Identifier: MIT
//
// An lvalue is copied, so a move-only handler must be an rvalue. [timer.parameters]
// Expect: eventp: a timer's handler is copied or moved: pass a move-only one with std::move()
#include <chrono>
#include <memory>
#include <utility>

#include <eventp/timer.hpp>

void misuse(eventp::Timers& timers) {
    auto handler = [owned = std::make_unique<int>()] {};
#if defined(EVENTP_CORRECTED)
    static_cast<void>(timers.after(std::chrono::seconds{1}, std::move(handler)));
#else
    static_cast<void>(timers.after(std::chrono::seconds{1}, handler));
#endif
}
