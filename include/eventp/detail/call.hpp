// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <concepts>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>

#include <cxxabi.h>

#include <eventp/detail/task.hpp>
#include <eventp/reactor_ops.hpp>
#include <eventp/result.hpp>

namespace eventp::inline EVENTP_ABI_NAMESPACE::detail {

/// R for a closure that returns R, and for one that returns Result<R>.
template <typename R>
struct CallResultOf {
    using Type = R;
};
template <typename R>
struct CallResultOf<Result<R>> {
    using Type = R;
};
template <typename F>
using CallResult = typename CallResultOf<std::remove_cvref_t<ClosureResult<F>>>::Type;

/// One call of a closure on the reactor's thread: its stage, and its result.
///
///     queued -> started -> done        the reactor's thread
///     queued -> abandoned              the caller: the closure never starts
///
/// The result is written by the reactor's thread before `done` and read by the caller after it.
template <typename R>
class CallState {
public:
    virtual ~CallState() = default;
    CallState(const CallState&) = delete;
    CallState& operator=(const CallState&) = delete;

    // --- the reactor's thread ---

    /// False if the caller has abandoned the call: the closure must not start.
    [[nodiscard]] bool start() {
        const std::lock_guard lock{mutex_};
        if (stage_ != Stage::queued) {
            return false;
        }
        stage_ = Stage::started;
        return true;
    }
    /// Throws what constructing the result throws; there is none then.
    template <typename... Args>
    void set_result(Args&&... args) {
        result_.emplace(std::forward<Args>(args)...);
    }
    void set_exception(std::exception_ptr thrown) noexcept { thrown_ = std::move(thrown); }
    /// Releases the caller. Throws what its continuation throws.
    void finish() {
        std::move_only_function<void()> continuation;
        {
            const std::lock_guard lock{mutex_};
            stage_ = Stage::done;
            continuation = std::exchange(continuation_, nullptr);
            changed_.notify_all();
        }
        if (continuation) {
            continuation();
        }
    }

    // --- the caller ---

    /// Waits for the result. A cancellation point: call abandon() when it unwinds.
    void wait() {
        std::unique_lock lock{mutex_};
        changed_.wait(lock, [this] { return stage_ == Stage::done; });
    }
    /// The same until `deadline`. False if the closure has not started by then: it never will.
    [[nodiscard]] bool wait_until(std::chrono::steady_clock::time_point deadline) {
        {
            std::unique_lock lock{mutex_};
            if (changed_.wait_until(lock, deadline, [this] { return stage_ == Stage::done; })) {
                return true;
            }
        }
        return !abandon();
    }
    /// True if the closure had not started: it never will. Otherwise waits until it has ended,
    /// because it may use what is on the caller's stack.
    bool abandon() {
        std::unique_lock lock{mutex_};
        if (stage_ == Stage::queued) {
            stage_ = Stage::abandoned;
            return true;
        }
        changed_.wait(lock, [this] { return stage_ == Stage::done; });
        return false;
    }
    [[nodiscard]] bool is_done() {
        const std::lock_guard lock{mutex_};
        return stage_ == Stage::done;
    }
    /// When it is done: the result, once. Throws what the closure threw, and what moving the result
    /// throws.
    [[nodiscard]] Result<R> take() {
#if defined(__cpp_exceptions)
        if (thrown_ != nullptr) {
            std::rethrow_exception(std::exchange(thrown_, nullptr));
        }
#endif
        Result<R> taken = std::move(*result_);
        result_.reset();  // on the caller's thread
        return taken;
    }
    /// Arranges for `continuation` to be called once, by finish(). False if the call is done.
    [[nodiscard]] bool then(std::move_only_function<void()> continuation) {
        const std::lock_guard lock{mutex_};
        if (stage_ == Stage::done) {
            return false;
        }
        continuation_ = std::move(continuation);
        return true;
    }

protected:
    CallState() = default;

private:
    enum class Stage : std::uint8_t { queued, started, done, abandoned };

    std::mutex mutex_;
    std::condition_variable changed_;
    Stage stage_ = Stage::queued;
    std::optional<Result<R>> result_;
    std::exception_ptr thrown_;
    std::move_only_function<void()> continuation_;
};

/// A call as the mailbox holds it. It is shared by the caller and the mailbox.
template <typename F>
class CallTask : public Task, public CallState<CallResult<F>> {
public:
    using R = CallResult<F>;

    template <typename G>
        requires(!std::same_as<std::remove_cvref_t<G>, CallTask>)
    explicit CallTask(G&& closure)
        : Task{.run_or_drop = &run_or_drop_this},
          closure_{std::in_place, std::forward<G>(closure)} {}

    /// The mailbox's share, from the moment when the task is posted.
    void share_with_mailbox(std::shared_ptr<CallTask> self) noexcept { self_ = std::move(self); }
    void drop_mailbox_share() noexcept { const auto last = std::exchange(self_, nullptr); }

    /// By the caller that has abandoned the call, or by the reactor's thread.
    void destroy_closure() noexcept { closure_.reset(); }

private:
    static void run_or_drop_this(Task* task, ReactorOps* reactor) {
        CallTask& call = *static_cast<CallTask*>(task);
        const std::shared_ptr<CallTask> self = std::exchange(call.self_, nullptr);
        if (!call.start()) {
            return;
        }
        if (reactor == nullptr) {
            call.set_result(error(std::errc::broken_pipe));
        } else {
            call.run(*reactor);
        }
        // Before the caller continues: the closure may refer to its frame, and the caller may rely
        // on the destruction of what the closure removed.
        call.destroy_closure();
        if (reactor != nullptr) {
            reactor->destroy_removed();
        }
        call.finish();
    }

    void run(ReactorOps& reactor) {
#if defined(__cpp_exceptions)
        try {
            call_and_keep_result(reactor);
        } catch (abi::__forced_unwind&) {
            // This thread is being cancelled (pthread_cancel(3)), which must continue.
            destroy_closure();
            this->set_result(error(std::errc::broken_pipe));
            this->finish();
            throw;
        } catch (...) {
            this->set_exception(std::current_exception());
        }
#else
        call_and_keep_result(reactor);
#endif
    }

    void call_and_keep_result(ReactorOps& reactor) {
        if constexpr (std::is_void_v<std::remove_cvref_t<ClosureResult<F>>>) {
            call_closure(*closure_, reactor);
            this->set_result();
        } else {
            this->set_result(call_closure(*closure_, reactor));
        }
    }

    std::optional<F> closure_;
    std::shared_ptr<CallTask> self_;
};

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE::detail
