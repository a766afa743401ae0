// SPDX-License-Identifier: MIT
// Has a subscriber of each kind in the reactor of the host, and removes them again.
#include "plugin.hpp"

#include <array>
#include <chrono>
#include <utility>

static int handled_so_far = 0;

static void drain(const eventp::OwnedFd& fd) {
    eventfd_t value = 0;
    handled_so_far += eventfd_read(fd.fd(), &value) == 0 ? 1 : 0;
}

// Not in the unnamed namespace, no lambdas: symbols of visible types could prevent unloading.
struct Two {
    eventp::OwnedFd first{eventfd(1, EFD_CLOEXEC)};
    eventp::OwnedFd second{eventfd(1, EFD_CLOEXEC)};

    void on_first(eventp::OwnedFd& fd) { drain(fd); }
    void on_second(eventp::OwnedFd& fd) { drain(fd); }
};
struct Drain {
    void operator()(eventp::OwnedFd& fd) const { drain(fd); }
};
struct Task {
    std::array<void*, 8> large{};
    void operator()() const { ++handled_so_far; }
};

namespace {

constexpr auto two = eventp::device<Two>()
                         .watch<&Two::first, &Two::on_first>(eventp::interest().read())
                         .watch<&Two::second, &Two::on_second>(eventp::interest().read());

struct Registered {
    Started counters;
    std::array<eventp::RegistrationId, 2> device;
    eventp::RegistrationId handler;
};
Registered registered;

eventp::RegistrationId add(eventp::Reactor& reactor, auto subscriber) {
    auto owner = eventp::AnySubscriber::make<decltype(subscriber)>(std::move(subscriber));
    return reactor.add(owner).value();
}

}  // namespace

extern "C" void start(eventp::Reactor& reactor, eventp::Timers& timers,
                      eventp::RemoteEndpoint& endpoint, Started& started) {
    registered.device = two.register_into(reactor).value();
    registered.handler = eventp::interest()
                             .read()
                             .with_fd(eventp::OwnedFd{eventfd(1, EFD_CLOEXEC)})
                             .with_handler(Drain{})
                             .register_into(reactor)
                             .value();
    registered.counters = {.visible = add(reactor, Counter{1}),
                           .hidden = add(reactor, HiddenCounter{1})};
    static_cast<void>(timers.after(std::chrono::nanoseconds{1}, Task{}));
    static_cast<void>(endpoint.post(Task{}));
    started = registered.counters;
}

extern "C" int handled() {
    return handled_so_far;
}

extern "C" bool stop(eventp::Reactor& reactor) {
    const bool found = reactor.find<Counter>(registered.counters.visible) != nullptr &&
                       reactor.find<HiddenCounter>(registered.counters.hidden) != nullptr &&
                       reactor.find<Two>(registered.device[0]) != nullptr;
    bool removed = reactor.remove(registered.handler);
    for (const auto name : registered.device) {
        removed = reactor.remove(name) && removed;
    }
    removed = reactor.remove(registered.counters.visible) && removed;
    return reactor.remove(registered.counters.hidden) && removed && found;
}
