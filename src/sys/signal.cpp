// SPDX-License-Identifier: MIT
#include "sys/signal.hpp"

#include <csignal>

#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/common.hpp"

namespace eventp::inline EVENTP_ABI_NAMESPACE::sys {

namespace {

constexpr int signal_max = 64;
static_assert(NSIG <= signal_max + 1, "eventp: SignalBits has a bit for each of 64 signals");

sigset_t set_of(SignalBits signals) noexcept {
    sigset_t set;
    sigemptyset(&set);
    for (int number = 1; number <= signal_max; ++number) {
        if ((signals & signal_bit(number)) != 0) {
            sigaddset(&set, number);
        }
    }
    return set;
}

}  // namespace

bool is_blockable(int number) noexcept {
    sigset_t set;
    sigemptyset(&set);
    return number != SIGKILL && number != SIGSTOP && sigaddset(&set, number) == 0;
}

int signalfd(SignalBits signals) noexcept {
    const sigset_t set = set_of(signals);
    return result_of(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

int signalfd_read(int fd, signalfd_siginfo& out) noexcept {
    // Kernel: a read returns whole records. Not read(2), which is a cancellation point.
    const int result = result_of(::syscall(SYS_read, fd, &out, sizeof out));
    return result < 0 ? result : 0;
}

int block(SignalBits signals, SignalBits& before) noexcept {
    const sigset_t set = set_of(signals);
    sigset_t blocked;
    sigemptyset(&blocked);
    if (const int error = ::pthread_sigmask(SIG_BLOCK, &set, &blocked); error != 0) {
        return -error;
    }
    before = 0;
    for (int number = 1; number <= signal_max; ++number) {
        if (sigismember(&blocked, number) == 1) {
            before |= signal_bit(number);
        }
    }
    return 0;
}

void unblock(SignalBits signals) noexcept {
    const sigset_t set = set_of(signals);
    static_cast<void>(::pthread_sigmask(SIG_UNBLOCK, &set, nullptr));
}

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE::sys
