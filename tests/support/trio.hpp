// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <eventp/device.hpp>

#include "support/files.hpp"
#include "support/source.hpp"

namespace eventp::support {

/// What a Trio records; outlives it.
struct TrioLog {
    std::vector<std::string> calls;
    int destroyed = 0;
    std::function<void()> on_destroy;
};

/// A device with three eventfds that records what happens to it.
class Trio {
public:
    using Action = std::function<void(Trio& self, ReactorOps& reactor)>;

    explicit Trio(TrioLog& to) : log{to} {}
    Trio(const Trio&) = delete;
    Trio& operator=(const Trio&) = delete;
    ~Trio() {
        ++log.destroyed;
        if (const auto action = log.on_destroy) {
            action();
        }
    }

    void on_a(ReactorOps& reactor) { run("a", reactor); }
    void on_b(ReactorOps& reactor) { run("b", reactor); }
    void on_c(ReactorOps& reactor) { run("c", reactor); }

    void signal_all() const {
        for (const OwnedFd* file : {&a, &b, &c}) {
            signal(*file);
        }
    }
    void remove_all(ReactorOps& reactor) {
        EXPECT_TRUE(reactor.remove(c));
        EXPECT_TRUE(reactor.remove(a));
        EXPECT_TRUE(reactor.remove(b));
    }

    OwnedFd a = make_eventfd();
    OwnedFd b = make_eventfd();
    OwnedFd c = make_eventfd();
    TrioLog& log;
    Action then;  // what each member function does

private:
    void run(const char* function, ReactorOps& reactor) {
        running_.run([&] {
            log.calls.emplace_back(function);
            if (then) {
                then(*this, reactor);
            }
        });
    }

    Running running_;
};

inline constexpr auto trio = device<Trio>()
                                 .watch<&Trio::a, &Trio::on_a>(reading)
                                 .watch<&Trio::b, &Trio::on_b>(reading)
                                 .watch<&Trio::c, &Trio::on_c>(reading);

}  // namespace eventp::support
