// SPDX-License-Identifier: MIT
//
// Nobody would read what a timer's handler returns. [timer.parameters]
// Expect: eventp: a handler must return void; its result would be ignored
#include <chrono>

#include <eventp/timer.hpp>

void misuse(eventp::Timers& timers) {
    static_cast<void>(timers.every(std::chrono::seconds{1}, [] { return true; }));
}
