// SPDX-License-Identifier: MIT
//
// A timer has neither a descriptor nor an event. [timer.parameters]
// Expect: eventp: a timer's handler takes any of TimerId, Expirations and ReactorOps&
#include <chrono>

#include <eventp/event.hpp>
#include <eventp/timer.hpp>

void misuse(eventp::Timers& timers) {
    static_cast<void>(timers.after(std::chrono::seconds{1}, [](eventp::Event) {}));
}
