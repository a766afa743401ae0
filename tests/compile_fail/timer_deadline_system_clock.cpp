// SPDX-License-Identifier: MIT
//
// The wall clock jumps; a deadline on it would be early or never. [timer.at]
// Expect: eventp: a deadline must be a time of std::chrono::steady_clock or eventp::BootClock
#include <chrono>

#include <eventp/timer.hpp>

void misuse(eventp::Timers& timers) {
    static_cast<void>(timers.at(std::chrono::system_clock::now(), [] {}));
}
