// SPDX-License-Identifier: MIT
//
// A handler is destroyed by functions that are noexcept. [timer.parameters]
// Expect: eventp: the destructor of a timer's handler must be noexcept
#include <chrono>

#include <eventp/timer.hpp>

struct Handler {
    Handler() = default;
    Handler(Handler&&) = default;
#if defined(EVENTP_CORRECTED)
    ~Handler() = default;
#else
    ~Handler() noexcept(false) {}
#endif
    void operator()() {}
};

void misuse(eventp::Timers& timers) {
    static_cast<void>(timers.every(std::chrono::seconds{1}, Handler{}));
}
