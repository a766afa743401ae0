// SPDX-License-Identifier: MIT
// Expect: eventp: std::bind ignores surplus arguments, so its parameters cannot be read: use a
// Expect: lambda or std::bind_front
#include <functional>

#include <eventp/builder.hpp>

void on_event(int amount, eventp::Event event);

void misuse(eventp::ReactorOps& reactor) {
#if defined(EVENTP_CORRECTED)
    auto handler = std::bind_front(on_event, 3);
#else
    auto handler = std::bind(on_event, 3, std::placeholders::_1);
#endif
    static_cast<void>(eventp::interest()
                          .with_fd(eventp::BorrowedFd{7})
                          .with_handler(handler)
                          .register_into(reactor));
}
