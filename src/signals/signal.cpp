// SPDX-License-Identifier: MIT
#include <eventp/signal.hpp>

#include <sys/signalfd.h>

#include "base/fork_guard.hpp"
#include "signals/signal_claims.hpp"
#include "signals/signal_mask.hpp"
#include "sys/signal.hpp"
#include "sys/syscall.hpp"

namespace eventp::inline EVENTP_ABI_NAMESPACE {

using detail::SignalClaims;
using detail::SignalMask;

Result<SignalSet> SignalSet::create(std::span<const int> numbers) {
    sys::SignalBits bits = 0;
    for (const int number : numbers) {
        if (!sys::is_blockable(number)) {
            return detail::error(std::errc::invalid_argument);
        }
        bits |= sys::signal_bit(number);
    }
    if (bits == 0) {
        return detail::error(std::errc::invalid_argument);
    }
    if (const int result = detail::prepare_fork_detection(); result < 0) {
        return sys::error(result);
    }
    if (!SignalClaims::claim(bits)) {
        return detail::error(std::errc::file_exists);
    }
    OwnedFd fd;
    int result = sys::signalfd(bits);
    if (result >= 0) {
        fd.reset(result);
        result = SignalMask::block(bits);
    }
    if (result < 0) {
        SignalClaims::release(bits);
        return sys::error(result);
    }
    return SignalSet{std::move(fd), bits};
}

SignalSet::SignalSet(OwnedFd fd, std::uint64_t bits) noexcept
    : fd_{std::move(fd)}, process_{detail::current_process()}, signals_{bits} {}

SignalSet& SignalSet::operator=(SignalSet&& other) noexcept {
    SignalSet taken{std::move(other)};
    std::swap(fd_, taken.fd_);
    std::swap(process_, taken.process_);
    std::swap(signals_, taken.signals_);
    return *this;
}

SignalSet::~SignalSet() {
    if (signals_ == 0) {
        return;
    }
    if (process_ == detail::current_process()) {
        SignalMask::unblock(signals_);
        SignalClaims::release(signals_);
    } else {
        // A copy in a forked child, where another set may need the signals blocked.
        SignalMask::unblock(signals_ & ~SignalClaims::claimed(signals_));
    }
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
                  // Safety: a copy of the sender's sigval, which is not dereferenced here.
                  // NOLINTNEXTLINE(performance-no-int-to-ptr)
                  .pointer = reinterpret_cast<void*>(info.ssi_ptr)};
}

void SignalSet::after_fork(ReactorOps& /*reactor*/) noexcept {
    if (signals_ == 0 || process_ == detail::current_process()) {
        return;
    }
    if (!SignalClaims::claim(signals_)) {
        fd_.reset();  // without a descriptor, this is not registered again
        return;
    }
    process_ = detail::current_process();
    // If this fails, the thread has the mask of the one that forked, which has blocked them if it
    // made the set.
    static_cast<void>(SignalMask::block(signals_));
    // Kernel: a signalfd reads the signals of the process that reads, and an epoll instance watches
    // those of the process that added it. So the inherited descriptor could be added; but it would
    // keep the entry in the epoll instance of the parent after the parent has closed its own.
    // Under the same descriptor number, because the reactor refuses another one.
    if (const OwnedFd own{sys::signalfd(signals_)}; own) {
        static_cast<void>(sys::replace(own.fd(), fd_.fd()));
    }
}

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE
