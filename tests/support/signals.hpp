// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <csignal>
#include <stop_token>
#include <thread>
#include <vector>

#include <pthread.h>
#include <unistd.h>

#include <eventp/signal.hpp>

namespace eventp::support {

/// This thread blocks it.
[[nodiscard]] inline bool is_blocked(int signal) {
    sigset_t mask;
    sigemptyset(&mask);
    pthread_sigmask(SIG_BLOCK, nullptr, &mask);
    return sigismember(&mask, signal) == 1;
}

inline void change_mask(int how, int signal) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal);
    pthread_sigmask(how, &set, nullptr);
}

/// Sends a signal to this process, as another process would.
inline void send(int signal) {
    ::kill(::getpid(), signal);
}
inline void send(int signal, int value) {
    ::sigqueue(::getpid(), signal, sigval{.sival_int = value});
}

/// The numbers of what is pending.
[[nodiscard]] inline std::vector<int> numbers(SignalSet& set) {
    std::vector<int> out;
    while (const auto signal = set.next()) {
        out.push_back(signal->number);
    }
    return out;
}

/// A disposition, for as long as this lives.
class Disposition {
public:
    Disposition(int signal, void (*handler)(int)) : signal_{signal} {
        struct sigaction action{};
        action.sa_handler = handler;
        action.sa_flags = SA_RESTART;  // does not help epoll_wait(2)
        ::sigaction(signal, &action, &before_);
    }
    Disposition(const Disposition&) = delete;
    Disposition& operator=(const Disposition&) = delete;
    ~Disposition() { ::sigaction(signal_, &before_, nullptr); }

private:
    int signal_;
    struct sigaction before_{};
};

/// A disposition that writes a byte to a descriptor.
class WritingHandler {
public:
    WritingHandler(int signal, int fd)
        : disposition_{signal, [](int) { static_cast<void>(::write(to, "!", 1) == 1); }} {
        to = fd;
    }

private:
    inline static volatile std::sig_atomic_t to = -1;
    Disposition disposition_;
};

inline std::atomic<int> signals_handled{0};

/// Sends SIGUSR1 to the thread that made it, again and again. One signal can come before the wait
/// that it has to interrupt; many cannot all.
class SignalStorm {
public:
    SignalStorm()
        : sender_{[target = ::pthread_self()](const std::stop_token& over) {
              while (!over.stop_requested()) {
                  ::pthread_kill(target, SIGUSR1);
                  std::this_thread::yield();
              }
          }} {}

private:
    Disposition disposition_{SIGUSR1, [](int) { signals_handled.fetch_add(1); }};
    std::jthread sender_;  // ends first
};

}  // namespace eventp::support
