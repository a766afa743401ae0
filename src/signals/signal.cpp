// SPDX-License-Identifier: MIT
#include <eventp/signal.hpp>

#include <sys/signalfd.h>

#include "signals/signal_mask.hpp"
#include "sys/signal.hpp"
#include "sys/syscall.hpp"

namespace eventp {

using detail::SignalMask;

Result<SignalSet> SignalSet::create(std::span<const int> signals) {
    sys::SignalBits bits = 0;
    for (const int number : signals) {
        if (!sys::is_blockable(number)) {
            return detail::error(std::errc::invalid_argument);
        }
        bits |= sys::signal_bit(number);
    }
    if (bits == 0) {
        return detail::error(std::errc::invalid_argument);
    }
    const int fd = sys::signalfd(bits);
    if (fd < 0) {
        return sys::error(fd);
    }
    return SignalSet{OwnedFd{fd}, bits};
}

SignalSet::SignalSet(OwnedFd fd, std::uint64_t signals) noexcept
    : fd_{std::move(fd)}, signals_{signals}, thread_{SignalMask::add(signals)} {}

SignalSet& SignalSet::operator=(SignalSet&& other) noexcept {
    const SignalSet ended = std::move(*this);  // last: what both have stays blocked
    fd_ = std::move(other.fd_);
    signals_ = std::exchange(other.signals_, 0);
    thread_ = other.thread_;
    return *this;
}

SignalSet::~SignalSet() {
    SignalMask::drop(signals_, thread_);
}

std::optional<Signal> SignalSet::next() noexcept {
    signalfd_siginfo info{};
    if (sys::signalfd_read(fd(), info) < 0) {
        return std::nullopt;
    }
    return Signal{.number = static_cast<int>(info.ssi_signo),
                  .code = info.ssi_code,
                  .pid = static_cast<pid_t>(info.ssi_pid),
                  .uid = info.ssi_uid,
                  .value = info.ssi_int,
                  // Safety: the kernel's copy of a sigval; never read through here.
                  // NOLINTNEXTLINE(performance-no-int-to-ptr)
                  .pointer = reinterpret_cast<void*>(info.ssi_ptr)};
}

void SignalSet::after_fork(ReactorOps& /*reactor*/) noexcept {
    // Kernel: the inherited descriptor would do, because whoever adds it to a set is whose signals
    // are watched; but it keeps the parent's entry alive when the parent closes its own.
    // The descriptor is kept: the reactor refuses another one.
    if (const OwnedFd own{sys::signalfd(signals_)}; own) {
        static_cast<void>(sys::replace(own.fd(), fd_.fd()));
    }
}

}  // namespace eventp
