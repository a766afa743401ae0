// SPDX-License-Identifier: MIT
// Expect: eventp: the destructor of a descriptor object or of a handler must be noexcept
#include <eventp/builder.hpp>

struct Door {
    Door() = default;
    Door(Door&&) = default;
#if defined(EVENTP_CORRECTED)
    ~Door() = default;
#else
    ~Door() noexcept(false) {}
#endif
    int fd() const { return 7; }
};

eventp::AnySubscriber misuse() {
    return eventp::interest().read().with_fd(Door{}).with_handler([] {}).build();
}
