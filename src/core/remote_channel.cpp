// SPDX-License-Identifier: MIT
#include "core/remote_channel.hpp"

#include <cerrno>

#include "sys/syscall.hpp"

namespace eventp::detail {

namespace {

constexpr int tasks_per_turn_max = 256;

}  // namespace

RemoteChannel::RemoteChannel() noexcept : eventfd_{sys::eventfd()} {}

void RemoteChannel::ring() const noexcept {
    while (sys::eventfd_add(fd()) == -EAGAIN) {
        static_cast<void>(sys::eventfd_drain(fd()));
    }
}

bool RemoteChannel::post(Task& task) noexcept {
    switch (mailbox_.post(task)) {
        case Mailbox<>::Posted::ring:
            ring();
            return true;
        case Mailbox<>::Posted::quietly:
            return true;
        case Mailbox<>::Posted::closed:
            break;
    }
    return false;
}

void RemoteChannel::request_stop() noexcept {
    stop_requested_.store(true, std::memory_order_release);
}

bool RemoteChannel::take_stop_request() noexcept {
    return stop_requested_.load(std::memory_order_relaxed) &&
           stop_requested_.exchange(false, std::memory_order_acq_rel);
}

void RemoteChannel::do_tasks(ReactorOps& reactor) {
    mailbox_.collect();
    for (int done = 0; done < tasks_per_turn_max && !guard_.in_child(); ++done) {
        Task* task = mailbox_.next();
        if (task == nullptr) {
            return;
        }
        task->finish(task, &reactor);
    }
}

void RemoteChannel::close() noexcept {
    mailbox_.close();
    while (Task* task = mailbox_.next()) {
        task->finish(task, nullptr);
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
    set_runner(nullptr);
    return 0;
}

}  // namespace eventp::detail
