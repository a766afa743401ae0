// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <csignal>
#include <thread>

#include <pthread.h>

namespace eventp::support {

inline std::atomic<int> signals_handled{0};

/// Sends SIGUSR1 to the thread that made it until stop is requested. One signal can come before
/// the wait that it should interrupt; many cannot all.
class SignalStorm {
public:
    SignalStorm() {
        struct sigaction action{};
        action.sa_handler = [](int) { signals_handled.fetch_add(1); };
        action.sa_flags = SA_RESTART;  // does not help epoll_wait(2)
        ::sigaction(SIGUSR1, &action, &before_);
        sender_ = std::thread{[this, target = ::pthread_self()] {
            while (!over_.load()) {
                ::pthread_kill(target, SIGUSR1);
                std::this_thread::yield();
            }
        }};
    }
    SignalStorm(const SignalStorm&) = delete;
    SignalStorm& operator=(const SignalStorm&) = delete;
    ~SignalStorm() {
        over_.store(true);
        sender_.join();
        ::sigaction(SIGUSR1, &before_, nullptr);
    }

private:
    struct sigaction before_{};
    std::atomic<bool> over_{false};
    std::thread sender_;
};

}  // namespace eventp::support
