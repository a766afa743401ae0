// SPDX-License-Identifier: MIT
// What the host and the plugin know of each other.
#pragma once

#include <sys/eventfd.h>

#include <eventp/eventp.hpp>

/// A subscriber that both of them look for.
class Counter {
public:
    explicit Counter(unsigned start) : event_{eventfd(start, EFD_CLOEXEC | EFD_NONBLOCK)} {}

    [[nodiscard]] int fd() const noexcept { return event_.fd(); }
    [[nodiscard]] eventp::Interest interest() const noexcept { return eventp::interest().read(); }
    void handle(eventp::Event /*event*/, eventp::ReactorOps& /*reactor*/) {
        eventfd_t value = 0;
        calls += eventfd_read(fd(), &value) == 0 ? 1 : 0;
    }

    int calls = 0;

private:
    eventp::OwnedFd event_;
};

/// The same, but no symbol of it is exported.
class [[gnu::visibility("hidden")]] HiddenCounter : public Counter {
public:
    using Counter::Counter;
};

struct Started {
    eventp::RegistrationId visible;
    eventp::RegistrationId hidden;
};

/// The functions of the plugin.
using Start = void(eventp::Reactor&, eventp::Timers&, eventp::RemoteEndpoint&, Started&);
using Handled = int();  // events so far, of those that Counter does not count
using Stop = bool(eventp::Reactor&);

constexpr int handled_in_all = 5;
