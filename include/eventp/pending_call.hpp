// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <coroutine>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

#include <eventp/detail/call.hpp>
#include <eventp/remote_endpoint.hpp>
#include <eventp/result.hpp>

namespace eventp::inline EVENTP_ABI_NAMESPACE {

/// The result of RemoteEndpoint::call_async(), once it is there.
///
///     Result<int> a = endpoint.call_async(f).get();             // waits
///     Result<int> b = co_await endpoint.call_async(f);          // in a coroutine
///
/// The result can be taken once. If it is taken again, or taken from a moved-from object, that
/// fails with invalid_argument [remote.once]. Destroying a PendingCall does not cancel the closure.
/// Thread safety:  like an int.
template <typename R>
class [[nodiscard]] PendingCall {
public:
    PendingCall(PendingCall&& other) noexcept
        : endpoint_{other.endpoint_},
          state_{std::exchange(other.state_, nullptr)},
          error_{std::exchange(other.error_, std::errc::invalid_argument)},
          process_{other.process_},
          awaiting_{std::exchange(other.awaiting_, nullptr)},
          resume_{std::exchange(other.resume_, nullptr)} {}
    PendingCall& operator=(PendingCall&& other) noexcept {
        if (this != &other) {
            std::destroy_at(this);
            std::construct_at(this, std::move(other));
        }
        return *this;
    }
    PendingCall(const PendingCall&) = delete;
    PendingCall& operator=(const PendingCall&) = delete;
    ~PendingCall() {
        if (awaiting_ != nullptr) {
            awaiting_->forget();
        }
    }

    /// get() does not wait.
    [[nodiscard]] bool is_ready() const { return refusal() || state_->is_done(); }

    /// Waits for the result and returns it. A cancellation point.
    ///
    /// Errors:         those of RemoteEndpoint::call(); resource_deadlock_would_occur if the result
    ///                 is not there yet: get() may be called again.
    ///                 invalid_argument: the result was taken before.
    ///                 no_child_process: the call was made before this process was forked.
    /// Throws:         what the closure threw, and what moving the result throws.
    [[nodiscard]] Result<R> get() && {
        if (const auto why = refusal()) {
            return detail::error(*why);
        }
        if (!state_->is_done() && endpoint_.is_reactors_thread()) {
            return detail::error(std::errc::resource_deadlock_would_occur);
        }
        state_->wait();
        return taken_state()->take();
    }

    /// Chooses where an awaiting coroutine is resumed. `resume(handle)` is called exactly once, on
    /// the reactor's thread; it may resume the handle on any thread. By default the coroutine is
    /// resumed on the reactor's thread; an exception that escapes it leaves run_once() then, as the
    /// exception of a handler does.
    /// If the reactor is destroyed first, the coroutine is resumed on the thread that destroys the
    /// reactor (an exception that escapes it there calls std::terminate). If the reactor was
    /// already closed, the coroutine continues on the awaiting thread. [remote.resume]
    [[nodiscard]] PendingCall resume_with(
        std::move_only_function<void(std::coroutine_handle<>)> resume) && {
        resume_ = std::move(resume);
        return std::move(*this);
    }

    [[nodiscard]] bool await_ready() const { return refusal().has_value(); }
    [[nodiscard]] bool await_suspend(std::coroutine_handle<> waiting) {
        awaiting_ = std::make_shared<Awaiting>(std::move(resume_), waiting);
        // From then() on another thread may resume the coroutine and destroy this object.
        const std::shared_ptr<Awaiting> awaiting = awaiting_;
        const RemoteEndpoint endpoint = endpoint_;
        return state_->then([awaiting] { awaiting->resume(); }) || post_resume(endpoint, awaiting);
    }
    [[nodiscard]] Result<R> await_resume() {
        if (const auto why = refusal()) {
            return detail::error(*why);
        }
        return taken_state()->take();
    }

private:
    friend class RemoteEndpoint;

    PendingCall(const RemoteEndpoint& endpoint, std::shared_ptr<detail::CallState<R>> state,
                std::errc error)
        : endpoint_{endpoint},
          state_{std::move(state)},
          error_{error},
          process_{RemoteEndpoint::process()} {}

    /// Why there is no result to wait for. Checked before the state is used: in a forked child its
    /// lock may be held forever.
    [[nodiscard]] std::optional<std::errc> refusal() const noexcept {
        if (state_ == nullptr) {
            return error_;
        }
        if (process_ != RemoteEndpoint::process()) {
            return std::errc::no_child_process;
        }
        return std::nullopt;
    }

    [[nodiscard]] std::shared_ptr<detail::CallState<R>> taken_state() noexcept {
        error_ = std::errc::invalid_argument;
        return std::exchange(state_, nullptr);
    }

    using Resume = std::move_only_function<void(std::coroutine_handle<>)>;

    /// A suspended coroutine. It is resumed once, unless it is destroyed before.
    class Awaiting {
    public:
        Awaiting(Resume resume, std::coroutine_handle<> waiting)
            : resume_{std::move(resume)}, frame_{waiting.address()} {}

        void forget() noexcept { frame_.store(nullptr); }
        void resume() {
            void* const frame = frame_.exchange(nullptr);
            if (frame == nullptr) {
                return;
            }
            const auto waiting = std::coroutine_handle<>::from_address(frame);
            if (resume_) {
                resume_(waiting);
            } else {
                waiting.resume();
            }
        }

    private:
        Resume resume_;
        std::atomic<void*> frame_;
    };

    /// Resumes the coroutine of a finished call, even if the reactor is closed before it runs.
    struct ResumeTask : detail::Task {
        explicit ResumeTask(std::shared_ptr<Awaiting> coroutine)
            : Task{.run_or_drop = &run}, awaiting{std::move(coroutine)} {}

        static void run(Task* task, ReactorOps* /*reactor*/) {
            const std::unique_ptr<ResumeTask> self{static_cast<ResumeTask*>(task)};
            self->awaiting->resume();
        }

        std::shared_ptr<Awaiting> awaiting;
    };
    /// False if the reactor is closed.
    [[nodiscard]] static bool post_resume(const RemoteEndpoint& endpoint,
                                          const std::shared_ptr<Awaiting>& awaiting) {
        auto task = std::make_unique<ResumeTask>(awaiting);
        if (!endpoint.enqueue(*task)) {
            return false;
        }
        static_cast<void>(task.release());
        return true;
    }

    RemoteEndpoint endpoint_;
    std::shared_ptr<detail::CallState<R>> state_;  // null: there is no result to take
    std::errc error_;                              // and why
    std::uint32_t process_;                        // that made the call
    std::shared_ptr<Awaiting> awaiting_;
    Resume resume_;
};

template <typename F>
auto RemoteEndpoint::call_async(F&& closure) const
    -> PendingCall<detail::CallResult<std::decay_t<F>>> {
    using R = detail::CallResult<std::decay_t<F>>;
    auto sent = send(std::forward<F>(closure), /*waits=*/false);
    if (!sent) {
        return PendingCall<R>{*this, nullptr, static_cast<std::errc>(sent.error().value())};
    }
    return PendingCall<R>{*this, std::shared_ptr<detail::CallState<R>>{std::move(*sent)},
                          std::errc::invalid_argument};
}

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE
