// SPDX-License-Identifier: MIT
//
// Nobody would read what a timer's handler returns. [timer.parameters]
// Expect: eventp: a handler returns void: there is nobody to read its result
#include <chrono>

#include <eventp/timer.hpp>

void misuse(eventp::Timers& timers) {
    static_cast<void>(timers.every(std::chrono::seconds{1}, [] { return true; }));
}
