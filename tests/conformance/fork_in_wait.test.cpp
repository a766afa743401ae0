// SPDX-License-Identifier: MIT
//
// A signal handler forks while the reactor waits.
#include <atomic>
#include <csignal>
#include <stop_token>
#include <thread>

#include <gtest/gtest.h>

#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <eventp/eventp.hpp>

#include "support/threads.hpp"

namespace eventp::support {
namespace {

// Lock-free, as a signal handler needs.
std::atomic<pid_t> forked{-1};

void fork_in_signal_handler(int /*signal*/) {
    forked = ::fork();
}

TEST(ForkInWait, EndsTheRunOfTheChildBeforeItReadsTheParentsEvents) {  // [fork.guard]
    struct sigaction action{};
    action.sa_handler = &fork_in_signal_handler;
    struct sigaction before{};
    ASSERT_EQ(::sigaction(SIGUSR1, &action, &before), 0);
    Reactor reactor;
    const OwnedFd ready{::eventfd(0, EFD_CLOEXEC)};
    std::stop_source stop;
    ASSERT_TRUE(interest()
                    .read()
                    .with_fd(BorrowedFd{ready.fd()})
                    .with_handler([&stop](BorrowedFd& fd, ReactorOps& ops) {
                        ops.remove(fd);
                        stop.request_stop();
                    })
                    .register_into(reactor));
    const pthread_t runner = ::pthread_self();
    const pid_t runner_id = ::gettid();
    int status = -1;
    // Sends the signal when the reactor waits. The event comes after the child has ended, or the
    // child would take it.
    std::thread helper{[&] {
        wait_until_blocked(runner_id);
        ASSERT_EQ(::pthread_kill(runner, SIGUSR1), 0);
        while (forked == -1) {
            std::this_thread::yield();
        }
        ASSERT_EQ(::waitpid(forked, &status, 0), forked);
        ASSERT_EQ(::eventfd_write(ready.fd(), 1), 0);
    }};

    const Result<> ran = reactor.run(stop.get_token());

    if (forked == 0) {
        ::_exit(!ran && ran.error() == std::errc::no_child_process ? 0 : 1);
    }
    helper.join();
    EXPECT_TRUE(ran);
    EXPECT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 0);
    ASSERT_EQ(::sigaction(SIGUSR1, &before, nullptr), 0);
}

}  // namespace
}  // namespace eventp::support
