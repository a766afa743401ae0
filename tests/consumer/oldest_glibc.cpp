// SPDX-License-Identifier: MIT
// epoll_pwait2(2) is called by its number: a timeout of a nanosecond does not become a millisecond
// of epoll_wait(3), and a thread that waits can be cancelled, with its destructors run.
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>

#include <pthread.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "sys/syscall.hpp"

// NOLINTNEXTLINE(bugprone-reserved-identifier): the name that the linker makes.
extern "C" [[noreturn]] int __wrap_epoll_wait(int, epoll_event*, int, int) {
    std::puts("epoll_wait() was called");
    std::abort();
}

namespace {

struct Waiter {
    int set = eventp::sys::epoll_create();
    std::atomic<pid_t> thread{0};
    std::atomic<bool> destroyed{false};
};

void* wait_for_an_hour(void* argument) {
    auto& waiter = *static_cast<Waiter*>(argument);
    struct Scope {
        Waiter& waiter;
        ~Scope() { waiter.destroyed = true; }
    };
    const Scope scope{waiter};
    epoll_event event{};
    waiter.thread = ::gettid();
    eventp::sys::epoll_wait(waiter.set, &event, 1, std::int64_t{3'600'000'000'000});
    return argument;
}

void wait_until_blocked(const std::atomic<pid_t>& thread) {
    while (thread == 0) {
        std::this_thread::yield();
    }
    const std::string path = "/proc/self/task/" + std::to_string(thread) + "/stat";
    for (char state = 'R'; state != 'S';) {
        std::string line;
        std::getline(std::ifstream{path}, line);
        state = line.at(line.rfind(')') + 2);
        std::this_thread::yield();
    }
}

}  // namespace

int main() {
    Waiter waiter;
    epoll_event event{};
    const bool timed_out = eventp::sys::epoll_wait(waiter.set, &event, 1, /*timeout_ns=*/1) == 0;

    pthread_t thread{};
    ::pthread_create(&thread, nullptr, &wait_for_an_hour, &waiter);
    wait_until_blocked(waiter.thread);
    ::pthread_cancel(thread);
    void* result = nullptr;
    ::pthread_join(thread, &result);
    const bool cancelled = result == PTHREAD_CANCELED && waiter.destroyed;
    std::puts(timed_out && cancelled ? "ok" : "failed");
}
