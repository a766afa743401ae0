// SPDX-License-Identifier: MIT
// Expect: eventp: with_fd() takes a descriptor object (fd(), native_handle() or as_fd(x) returns
#include <thread>
#include <utility>

#include <eventp/builder.hpp>

#if defined(EVENTP_CORRECTED)
using Object = eventp::OwnedFd;
#else
using Object = std::jthread;  // its native_handle() is a number, and no descriptor
#endif

auto misuse(Object object) {
    return eventp::interest().read().with_fd(std::move(object));
}
