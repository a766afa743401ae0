// SPDX-License-Identifier: MIT
//
// The owner of a child process: its exit, its signals, and its destruction.
#include <eventp/child.hpp>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <limits>
#include <memory>

#include <sys/wait.h>

#include "children/child_state.hpp"
#include "sys/errno_scope.hpp"
#include "sys/syscall.hpp"

namespace eventp::inline EVENTP_ABI_NAMESPACE {

namespace {

/// How long a destructor waits for a child that it has killed.
constexpr std::int64_t death_timeout_ns = 5'000'000'000;

Result<> kill_by(const OwnedFd& pidfd, detail::ProcessNumber parent, int signal) noexcept {
    if (!pidfd) {
        return detail::error(std::errc::no_such_process);
    }
    if (parent != detail::current_process()) {
        return detail::error(std::errc::no_child_process);
    }
    const int result = sys::pidfd_kill(pidfd.fd(), signal);
    return result < 0 ? Result<>{sys::error(result)} : Result<>{};
}

ExitStatus status_of(const sys::ChildExit& exit) noexcept {
    return exit.code == CLD_EXITED ? ExitStatus::exited(exit.status)
                                   : ExitStatus::signaled(exit.status, exit.code == CLD_DUMPED);
}

}  // namespace

// --- exit ---------------------------------------------------------------------------------------

Result<> ChildProcess::State::open_pidfd() noexcept {
    const int opened = sys::pidfd_open(pid);
    if (opened < 0) {
        return sys::error(opened);
    }
    OwnedFd owned{opened};
    // The pid may have been reaped and given to another process before it was opened.
    sys::ChildExit exit{};
    if (const int result = sys::pidfd_wait(opened, sys::Wait::peek, exit); result < 0) {
        return sys::error(result);
    }
    pidfd = std::move(owned);
    return {};
}

void ChildProcess::State::poll() noexcept {
    if (status || !is_ours()) {
        return;
    }
    if (!pidfd) {  // spawn() had no descriptor for it
        if (const auto opened = open_pidfd(); !opened) {
            if (is_lost(opened.error())) {
                status = ExitStatus::unknown();
            }
            return;
        }
    }
    sys::ChildExit exit{};
    const int result = sys::pidfd_wait(pidfd.fd(), sys::Wait::reap, exit);
    // Any other error is that of a sandbox which this process has entered: nothing is known then.
    if (result == -ECHILD) {
        status = ExitStatus::unknown();
    } else if (result == 0 && exit.code != 0) {
        status = status_of(exit);
    }
}

std::optional<ExitStatus> ChildProcess::status() noexcept {
    if (state_ == nullptr) {
        return std::nullopt;
    }
    if (!state_->status) {
        state_->poll();
        if (state_->status) {
            DetachedChildren::reap(DetachedChildren::checked_per_call);
        }
    }
    return state_->status;
}

Result<ExitStatus> ChildProcess::wait() {
    for (;;) {
        if (const auto exit = status()) {
            return *exit;
        }
        if (state_ == nullptr || !state_->is_ours()) {
            return detail::error(std::errc::no_child_process);
        }
        // Does not reap: if the thread is cancelled here, no exit status is lost.
        const int result = sys::pidfd_block(state_->pidfd.fd());
        if (result < 0 && result != -ECHILD) {
            return sys::error(result);
        }
    }
}

std::size_t ChildProcess::reap_detached() noexcept {
    return DetachedChildren::reap(std::numeric_limits<std::size_t>::max());
}

// --- ownership ----------------------------------------------------------------------------------

ChildProcess::State* ChildProcess::make_state(OnDestroy on_destroy) {
    DetachedChildren::reap(DetachedChildren::checked_per_call);
    return std::make_unique<State>(on_destroy).release();
}

Result<ChildProcess> ChildProcess::adopt(pid_t pid, OnDestroy on_destroy) {
    if (const int result = detail::prepare_fork_detection(); result < 0) {
        return sys::error(result);
    }
    std::unique_ptr<State> state{make_state(on_destroy)};
    state->pid = pid;
    if (const auto opened = state->open_pidfd(); !opened) {
        return std::unexpected{opened.error()};
    }
    return ChildProcess{state.release()};
}

ChildProcess::~ChildProcess() {
    const sys::ErrnoScope keeps_errno;
    std::unique_ptr<State> state{std::exchange(state_, nullptr)};
    if (state == nullptr || state->status || !state->is_ours()) {
        return;
    }
    // A child that could not be killed is not waited for, whatever the reason was.
    if (state->on_destroy == OnDestroy::kill_and_wait &&
        sys::pidfd_kill(state->pidfd.fd(), SIGKILL) == 0) {
        sys::pidfd_wait_until_dead(state->pidfd.fd(), death_timeout_ns);
    }
    state->poll();
    if (!state->status) {
        DetachedChildren::add(state.release());
    }
}

int ChildProcess::fd() const noexcept {
    return state_ == nullptr ? -1 : state_->pidfd.fd();
}

pid_t ChildProcess::pid() const noexcept {
    return state_ == nullptr ? -1 : state_->pid;
}

// --- signals ------------------------------------------------------------------------------------

Result<> ChildProcess::kill(int signal) const noexcept {
    return state_ == nullptr ? Result<>{detail::error(std::errc::no_such_process)}
                             : kill_by(state_->pidfd, state_->parent, signal);
}

Result<ChildSignaler> ChildProcess::signaler() const noexcept {
    if (state_ == nullptr || !state_->is_ours()) {
        return detail::error(std::errc::no_child_process);
    }
    const int copy = sys::duplicate(state_->pidfd.fd(), /*min=*/0);
    if (copy < 0) {
        return sys::error(copy);
    }
    return ChildSignaler{OwnedFd{copy}, state_->parent};
}

Result<> ChildSignaler::kill(int signal) const noexcept {
    return kill_by(pidfd_, parent_, signal);
}

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE
