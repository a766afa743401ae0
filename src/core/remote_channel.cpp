// SPDX-License-Identifier: MIT
#include "core/remote_channel.hpp"

#include <cerrno>

#include "sys/syscall.hpp"

namespace eventp::inline EVENTP_ABI_NAMESPACE::detail {

RemoteChannel::RemoteChannel() noexcept : eventfd_{sys::eventfd()} {}

void RemoteChannel::notify() const noexcept {
    while (sys::eventfd_add(fd()) == -EAGAIN) {
        static_cast<void>(sys::eventfd_drain(fd()));
    }
}

bool RemoteChannel::post(Task& task) noexcept {
    switch (mailbox_.post(task)) {
        case Mailbox<>::PostResult::must_wake:
            notify();
            return true;
        case Mailbox<>::PostResult::queued:
            return true;
        case Mailbox<>::PostResult::closed:
            break;
    }
    return false;
}

void RemoteChannel::close() noexcept {
    mailbox_.close();
    while (Task* task = mailbox_.next()) {
        task->run_or_drop(task, nullptr);
    }
}

int RemoteChannel::reinit_after_fork() noexcept {
    const int fresh = sys::eventfd();
    if (fresh < 0) {
        return fresh;
    }
    eventfd_.reset(fresh);
    mailbox_.reset();
    stop_requested_.store(false, std::memory_order_relaxed);
    return 0;
}

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE::detail
