// SPDX-License-Identifier: MIT
#pragma once

#include <csignal>
#include <initializer_list>
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

/// Sends a signal to this process, as another one would.
inline void send(int signal) {
    ::kill(::getpid(), signal);
}
/// Sends a signal with a value.
inline void send(int signal, int value) {
    sigval with{};
    with.sival_int = value;
    ::sigqueue(::getpid(), signal, with);
}

/// The numbers of what is pending.
[[nodiscard]] inline std::vector<int> numbers(SignalSet& set) {
    std::vector<int> out;
    while (const auto signal = set.next()) {
        out.push_back(signal->number);
    }
    return out;
}

/// A disposition that writes a byte to a descriptor, for as long as this lives.
class WritingHandler {
public:
    WritingHandler(int signal, int fd) : signal_{signal} {
        to = fd;
        struct sigaction action{};
        action.sa_handler = [](int) { static_cast<void>(::write(to, "!", 1) == 1); };
        ::sigaction(signal, &action, &before_);
    }
    WritingHandler(const WritingHandler&) = delete;
    WritingHandler& operator=(const WritingHandler&) = delete;
    ~WritingHandler() { ::sigaction(signal_, &before_, nullptr); }

private:
    inline static volatile std::sig_atomic_t to = -1;

    int signal_;
    struct sigaction before_{};
};

}  // namespace eventp::support
