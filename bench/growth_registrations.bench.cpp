// SPDX-License-Identifier: MIT
//
// Rows of operations on registrations, beside n others.
#include <algorithm>
#include <array>

#include <sys/epoll.h>

#include "growth.hpp"

namespace bench::growth {

namespace {

using eventp::BorrowedFd;
using eventp::Interest;
using eventp::ReactorOps;
using eventp::RegistrationId;

std::size_t add(std::size_t n) {
    Beside beside{n};
    measure([&] { beside.add_own(); });
    return times;
}

/// `step(reactor, name, i)` for each own registration.
template <auto step>
std::size_t for_each_own(std::size_t n) {
    Beside beside{n};
    beside.add_own();
    measure([&] {
        for (std::size_t i = 0; i < times; ++i) {
            step(beside.reactor, beside.names[i], i);
        }
    });
    return times;
}

void remove(eventp::Reactor& reactor, RegistrationId name, std::size_t /*i*/) {
    expect(reactor.remove(name), "remove");
}
void remove_now(eventp::Reactor& reactor, RegistrationId name, std::size_t /*i*/) {
    expect(reactor.remove_now(name), "remove_now");
}
void extract(eventp::Reactor& reactor, RegistrationId name, std::size_t /*i*/) {
    expect(static_cast<bool>(reactor.extract(name)), "extract");
}
void contains(eventp::Reactor& reactor, RegistrationId name, std::size_t /*i*/) {
    expect(reactor.contains(name), "contains");
}
void modify(eventp::Reactor& reactor, RegistrationId name, std::size_t /*i*/) {
    expect(reactor.modify(name, both).has_value(), "modify");
}
void modify_by_descriptor(eventp::Reactor& reactor, RegistrationId name, std::size_t /*i*/) {
    expect(reactor.modify(BorrowedFd{name.fd()}, both).has_value(), "modify");
}
void pause_and_resume(eventp::Reactor& reactor, RegistrationId name, std::size_t /*i*/) {
    expect(reactor.modify(name, Interest{}).has_value(), "pause");
    expect(reactor.modify(name, reading).has_value(), "resume");
}

/// One turn with a handler that calls `step(reactor, name)` for each own registration.
template <auto step>
std::size_t for_each_own_in_handler(std::size_t n) {
    Beside beside{n};
    beside.add_own();
    const EventFds ready{1};
    ready.fire_all();
    add_to(beside.reactor, ready.numbers().front(), [&beside](ReactorOps& reactor) {
        for (const RegistrationId name : beside.names) {
            step(reactor, name);
        }
    });
    measure([&] { turn(beside.reactor); });
    return times;
}

void remove_in_handler(ReactorOps& reactor, RegistrationId name) {
    expect(reactor.remove(name), "remove");
}
void remove_now_in_handler(ReactorOps& reactor, RegistrationId name) {
    expect(reactor.remove_now(name), "remove_now");
}

/// The header allows one pass over the rest of the batch, which the capacity limits: it is 8 here,
/// and that many registrations are ready.
std::size_t modify_in_handler(std::size_t n) {
    constexpr std::size_t capacity = 8;
    const EventFds fds{n};
    const EventFds other{1};
    fds.fire_all();
    eventp::Reactor reactor{eventp::Reactor::Options{.event_capacity = capacity}};
    const RegistrationId name = add_to(reactor, other.numbers().front(), DoNothing{});
    bool is_first = true;
    for (const int fd : fds.numbers()) {
        add_to(reactor, fd, [&](ReactorOps& ops) {
            if (std::exchange(is_first, false)) {
                measure([&] {
                    for (std::size_t i = 0; i < times; ++i) {
                        expect(ops.modify(name, i % 2 == 0 ? both : reading).has_value(), "modify");
                    }
                });
            }
        });
    }
    turn(reactor);
    expect(!is_first, "no handler ran");
    return times;
}

/// A program that closes descriptors before it removes their registrations: the next descriptor
/// has the same number. `with_modify`: the interest of that one is changed once.
template <bool with_modify>
std::size_t close_before_remove(std::size_t n, std::size_t cycles) {
    Beside beside{n};
    const auto cycle = [&] {
        const int fd = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
        const RegistrationId name = add_to(beside.reactor, fd, DoNothing{});
        if (with_modify) {
            expect(beside.reactor.modify(name, both).has_value(), "modify");
        }
        ::close(fd);
        expect(beside.reactor.remove(name), "remove");
        turn(beside.reactor);
    };
    cycle();
    measure([&] {
        for (std::size_t i = 0; i < cycles; ++i) {
            cycle();
        }
    });
    return cycles;
}
std::size_t modify_after_close(std::size_t n) {
    return close_before_remove<true>(n, 8);
}
/// So many that the epoll instance is replaced at least once.
std::size_t remove_after_close(std::size_t n) {
    return close_before_remove<false>(n, 2 * std::max<std::size_t>(n, 1024));
}

/// All n are ready in one turn, and each asks to be called again: per call.
std::size_t requeue_all(std::size_t n) {
    const EventFds fds{n};
    fds.fire_all();
    eventp::Reactor reactor{eventp::Reactor::Options{.event_capacity = n}};
    std::size_t calls = 0;
    for (const int fd : fds.numbers()) {
        add_to(
            reactor, fd,
            [&calls](BorrowedFd& own, ReactorOps& ops) {
                ++calls;
                expect(ops.requeue(own), "requeue");
            },
            Interest{reading}.edge_triggered());
    }
    measure([&] {
        turn(reactor);  // the kernel's events
        turn(reactor);  // the kept ones
    });
    expect(calls == 2 * n, "a handler was not called again");
    return calls;
}

/// None of n is ready, and each is called once: per call.
std::size_t feed_event_to_all(std::size_t n) {
    const EventFds fds{n};
    eventp::Reactor reactor;
    std::size_t calls = 0;
    for (const int fd : fds.numbers()) {
        add_to(reactor, fd, [&calls] { ++calls; });
    }
    measure([&] {
        for (const int fd : fds.numbers()) {
            expect(reactor.feed_event(BorrowedFd{fd}, eventp::Event{EPOLLIN}), "feed_event");
        }
        turn(reactor);
    });
    expect(calls == n, "a handler was not called");
    return calls;
}

std::size_t turn_with_one_ready(std::size_t n) {
    Beside beside{n};
    beside.own.fire(0);
    add_to(beside.reactor, beside.own.numbers().front(), DoNothing{});
    measure([&] {
        for (std::size_t i = 0; i < times; ++i) {
            turn(beside.reactor);
        }
    });
    return times;
}

constexpr std::array rows{
    Row{"add", add},
    Row{"remove", for_each_own<remove>},
    Row{"remove_now", for_each_own<remove_now>},
    Row{"remove_in_handler", for_each_own_in_handler<remove_in_handler>},
    Row{"remove_now_in_handler", for_each_own_in_handler<remove_now_in_handler>},
    Row{"remove_after_close", remove_after_close},
    Row{"extract", for_each_own<extract>},
    Row{"contains", for_each_own<contains>},
    Row{"modify", for_each_own<modify>},
    Row{"modify_by_descriptor", for_each_own<modify_by_descriptor>},
    Row{"modify_in_handler", modify_in_handler},
    Row{"modify_after_close", modify_after_close},
    Row{"pause_and_resume", for_each_own<pause_and_resume>},
    Row{"requeue_all", requeue_all},
    Row{"feed_event_to_all", feed_event_to_all},
    Row{"turn_with_one_ready", turn_with_one_ready},
};

}  // namespace

std::span<const Row> registration_rows() {
    return rows;
}

}  // namespace bench::growth
