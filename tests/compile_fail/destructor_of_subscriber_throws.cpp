// SPDX-License-Identifier: MIT
// Expect: eventp: the destructor of a subscriber must be noexcept
#include <eventp/any_subscriber.hpp>

struct Door {
#if defined(EVENTP_CORRECTED)
    ~Door() = default;
#else
    ~Door() noexcept(false) {}
#endif
    int fd() const { return 7; }
    eventp::Interest interest() const { return eventp::interest().read(); }
    void handle() {}
};

eventp::AnySubscriber misuse() {
    return eventp::AnySubscriber::make<Door>();
}
// [subscriber.custom]
