// SPDX-License-Identifier: MIT
// Has a subscriber of each kind in the reactor of the host, and removes them again.
#include "plugin.hpp"

#include <array>
#include <chrono>
#include <functional>
#include <memory>
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

struct Reader {
    eventp::OwnedFd event{eventfd(1, EFD_CLOEXEC)};

    [[nodiscard]] int fd() const noexcept { return event.fd(); }
    [[nodiscard]] eventp::Interest interest() const noexcept { return eventp::interest().read(); }
    void handle(eventp::Event /*event*/) {}
    void on_ready(eventp::Event /*event*/) {}
};
struct OnExit {
    void operator()(eventp::ExitStatus /*status*/) const {}
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

// Never called: what the symbols of the other templates are.
extern "C" void use_the_rest(eventp::Reactor& reactor, eventp::Timers& timers,
                             const eventp::RemoteEndpoint& endpoint);
extern "C" void use_the_rest(eventp::Reactor& reactor, eventp::Timers& timers,
                             const eventp::RemoteEndpoint& endpoint) {
    const auto fd = [] { return eventp::OwnedFd{eventfd(1, EFD_CLOEXEC)}; };
    const auto reading = eventp::interest().read().edge_triggered();
    static_cast<void>(reading.with_fd(fd()).with_handler<drain>().register_into(reactor));
    static_cast<void>(reading.with_fd(fd()).with_handler(&drain).register_into(reactor));
    static_cast<void>(
        reading.with_fd(Reader{}).with_handler<&Reader::on_ready>().register_into(reactor));
    static_cast<void>(
        reading.with_fd(Reader{}).with_handler(&Reader::on_ready).register_into(reactor));
    static_cast<void>(reading.with_fd(std::make_unique<Reader>())
                          .with_handler(std::function<void(eventp::Event)>{})
                          .register_into(reactor));
    add(reactor, Reader{});
    static_cast<void>(eventp::AnySubscriber::adopt(std::make_unique<Reader>()));
    static_cast<void>(timers.every(std::chrono::seconds{1}, [](eventp::Expirations) {}));
    static_cast<void>(timers.at(std::chrono::steady_clock::now(), Task{}));
    static_cast<void>(endpoint.call([] { return 1; }));
    static_cast<void>(endpoint.call_async([] { return 1; }).get());
    auto child = eventp::ChildProcess::spawn({.program = "true"});
    static_cast<void>(std::move(*child).on_exit(OnExit{}).register_into(reactor));
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
