// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <sys/eventfd.h>

#include <eventp/device.hpp>

#include "support/source.hpp"

namespace eventp::support {

/// What is seen of a Trio from outside; outlives it.
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
        EXPECT_EQ(running_, 0) << "destroyed under a member function that runs";
        ++log.destroyed;
        if (auto action = log.on_destroy) {
            action();
        }
    }

    void on_a(ReactorOps& reactor) { run("a", reactor); }
    void on_b(ReactorOps& reactor) { run("b", reactor); }
    void on_c(ReactorOps& reactor) { run("c", reactor); }

    void signal_all() const {
        for (const OwnedFd* file : {&a, &b, &c}) {
            EXPECT_EQ(::eventfd_write(file->fd(), 1), 0);
        }
    }
    void remove_all(ReactorOps& reactor) {
        EXPECT_TRUE(reactor.remove(c));
        EXPECT_TRUE(reactor.remove(a));
        EXPECT_TRUE(reactor.remove(b));
    }

    OwnedFd a{make()};
    OwnedFd b{make()};
    OwnedFd c{make()};
    TrioLog& log;
    Action then;  // what each member function does

private:
    static OwnedFd make() { return OwnedFd{::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)}; }

    void run(const char* who, ReactorOps& reactor) {
        struct Running {
            explicit Running(int& depth) : count{depth} { ++count; }
            Running(const Running&) = delete;
            Running& operator=(const Running&) = delete;
            ~Running() { --count; }
            int& count;
        };
        const Running scope{running_};
        log.calls.emplace_back(who);
        if (then) {
            then(*this, reactor);
        }
    }

    int running_ = 0;
};

inline constexpr auto trio = device<Trio>()
                                 .watch<&Trio::a, &Trio::on_a>(reading)
                                 .watch<&Trio::b, &Trio::on_b>(reading)
                                 .watch<&Trio::c, &Trio::on_c>(reading);

}  // namespace eventp::support
