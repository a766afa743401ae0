// SPDX-License-Identifier: MIT
//
// The result of a timer's handler would be ignored. [timer.parameters]
// Expect: eventp: a handler must return void; its result would be ignored
#include <chrono>

#include <eventp/timer.hpp>

void misuse(eventp::Timers& timers) {
    static_cast<void>(timers.every(std::chrono::seconds{1}, [] { return true; }));
}
