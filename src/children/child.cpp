// SPDX-License-Identifier: MIT
//
// Owning a child: its end, its signals, and what becomes of it without an owner.
#include <eventp/child.hpp>

#include <cerrno>
#include <csignal>
#include <memory>

#include <sys/wait.h>

#include "children/child_state.hpp"
#include "sys/syscall.hpp"

namespace eventp {

namespace {

Result<> kill_by(const OwnedFd& pidfd, detail::ProcessNumber parent, int signal) noexcept {
    if (parent != detail::current_process()) {
        return detail::error(std::errc::no_child_process);
    }
    const int answer = sys::pidfd_kill(pidfd.fd(), signal);
    return answer < 0 ? Result<>{sys::error(answer)} : Result<>{};
}

ExitStatus status_of(const sys::ChildEnd& end) noexcept {
    return end.code == CLD_EXITED ? ExitStatus::exited(end.status)
                                  : ExitStatus::signaled(end.status, end.code == CLD_DUMPED);
}

}  // namespace

// --- the end ------------------------------------------------------------------------------------

Result<> ChildProcess::State::take(int opened) noexcept {
    if (opened < 0) {
        return sys::error(opened);
    }
    pidfd.reset(opened);
    // Its number may have been reaped and given to a stranger before it was opened.
    sys::ChildEnd end{};
    const int answer = sys::pidfd_wait(opened, sys::Wait::look, end);
    return answer < 0 ? Result<>{sys::error(answer)} : Result<>{};
}

void ChildProcess::State::look(sys::Wait how) noexcept {
    if (status || !is_ours()) {
        return;
    }
    sys::ChildEnd end{};
    if (sys::pidfd_wait(pidfd.fd(), how, end) < 0) {
        status = ExitStatus::unknown();
    } else if (end.code != 0) {
        status = status_of(end);
    }
}

std::optional<ExitStatus> ChildProcess::status() noexcept {
    if (state_ == nullptr) {
        return std::nullopt;
    }
    if (!state_->status) {
        state_->look(sys::Wait::reap);
        if (state_->status) {
            static_cast<void>(reap_detached());
        }
    }
    return state_->status;
}

Result<ExitStatus> ChildProcess::wait() noexcept {
    if (state_ == nullptr) {
        return detail::error(std::errc::no_child_process);
    }
    state_->look(sys::Wait::block);
    if (!state_->status) {
        return detail::error(std::errc::no_child_process);
    }
    return *state_->status;
}

std::size_t ChildProcess::reap_detached() noexcept {
    return Left::reap();
}

// --- owning it ----------------------------------------------------------------------------------

ChildProcess::State* ChildProcess::make_state(OnDestroy on_destroy) {
    static_cast<void>(reap_detached());
    return std::make_unique<State>(on_destroy).release();
}

Result<ChildProcess> ChildProcess::adopt(pid_t pid, OnDestroy on_destroy) {
    if (const int answer = detail::prepare_fork_detection(); answer < 0) {
        return sys::error(answer);
    }
    std::unique_ptr<State> state{make_state(on_destroy)};
    state->pid = pid;
    if (const auto taken = state->take(sys::pidfd_open(pid)); !taken) {
        return std::unexpected{taken.error()};
    }
    return ChildProcess{state.release()};
}

ChildProcess::~ChildProcess() {
    std::unique_ptr<State> state{std::exchange(state_, nullptr)};
    if (state == nullptr || !state->is_ours()) {
        return;
    }
    if (!state->status && state->on_destroy == OnDestroy::kill_and_wait &&
        sys::pidfd_kill(state->pidfd.fd(), SIGKILL) != -EPERM) {
        state->look(sys::Wait::block);
    }
    if (!state->status) {
        Left::add(state.release());
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

}  // namespace eventp
