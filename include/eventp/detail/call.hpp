// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <concepts>
#include <condition_variable>
#include <coroutine>
#include <cstdint>
#include <exception>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>

#include <cxxabi.h>

#include <eventp/detail/task.hpp>
#include <eventp/result.hpp>

namespace eventp::detail {

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

/// The answer to one call, which the caller waits for and the reactor's thread gives.
template <typename R>
class CallState {
public:
    virtual ~CallState() = default;
    CallState(const CallState&) = delete;
    CallState& operator=(const CallState&) = delete;

    /// The reactor's thread, once. False: the caller has given up, do not start.
    [[nodiscard]] bool start() {
        const std::lock_guard lock{mutex_};
        if (stage_ != Stage::queued) {
            return false;
        }
        stage_ = Stage::started;
        return true;
    }
    void answer(Result<R> result) { finish(std::move(result), nullptr); }
    void fail(std::exception_ptr thrown) { finish(std::nullopt, std::move(thrown)); }

    // --- the caller ---

    void wait() {
        std::unique_lock lock{mutex_};
        changed_.wait(lock, [this] { return stage_ == Stage::done; });
    }
    /// False when the time is over and the closure has not started; it never will then. One that
    /// has started is waited for: it may use what the caller has on its stack.
    [[nodiscard]] bool wait_or_give_up(std::chrono::steady_clock::time_point deadline) {
        std::unique_lock lock{mutex_};
        const auto is_done = [this] { return stage_ == Stage::done; };
        if (changed_.wait_until(lock, deadline, is_done)) {
            return true;
        }
        if (stage_ == Stage::queued) {
            stage_ = Stage::given_up;
            return false;
        }
        changed_.wait(lock, is_done);
        return true;
    }
    [[nodiscard]] bool is_done() {
        const std::lock_guard lock{mutex_};
        return stage_ == Stage::done;
    }
    /// After it is done: the answer, or the closure's exception.
    [[nodiscard]] Result<R> take() {
#if defined(__cpp_exceptions)
        if (thrown_ != nullptr) {
            std::rethrow_exception(std::exchange(thrown_, nullptr));
        }
#endif
        return std::move(*result_);
    }
    /// Has `when_done` called once, from the thread that answers. False when it is done already.
    [[nodiscard]] bool then(std::move_only_function<void()> when_done) {
        const std::lock_guard lock{mutex_};
        if (stage_ == Stage::done) {
            return false;
        }
        when_done_ = std::move(when_done);
        return true;
    }

protected:
    CallState() = default;

private:
    enum class Stage : std::uint8_t { queued, started, done, given_up };

    void finish(std::optional<Result<R>> result, std::exception_ptr thrown) {
        std::move_only_function<void()> when_done;
        {
            const std::lock_guard lock{mutex_};
            result_ = std::move(result);
            thrown_ = std::move(thrown);
            stage_ = Stage::done;
            when_done = std::exchange(when_done_, nullptr);
            changed_.notify_all();
        }
        if (when_done) {
            when_done();
        }
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    Stage stage_ = Stage::queued;
    std::optional<Result<R>> result_;
    std::exception_ptr thrown_;
    std::move_only_function<void()> when_done_;
};

/// A call as the mailbox holds it. The caller holds the state; whoever goes last frees it.
template <typename F>
class CallTask : public Task, public CallState<CallResult<F>> {
public:
    using R = CallResult<F>;

    template <typename G>
        requires(!std::same_as<std::remove_cvref_t<G>, CallTask>)
    explicit CallTask(G&& closure)
        : Task{.finish = &run_or_drop}, closure_{std::in_place, std::forward<G>(closure)} {}

    /// The reactor's half of the ownership, from the moment it is posted.
    void keep_alive(std::shared_ptr<CallTask> self) noexcept { self_ = std::move(self); }
    void drop_reactors_half() noexcept { const auto last = std::exchange(self_, nullptr); }

    /// The caller's, after giving up: nobody will run it.
    void destroy_closure() noexcept { closure_.reset(); }

private:
    static void run_or_drop(Task* task, ReactorOps* reactor) {
        CallTask& call = *static_cast<CallTask*>(task);
        const std::shared_ptr<CallTask> self = std::exchange(call.self_, nullptr);
        if (!call.start()) {
            return;
        }
        if (reactor == nullptr) {
            call.closure_.reset();
            call.answer(error(std::errc::broken_pipe));
            return;
        }
        std::optional<Result<R>> result;
        std::exception_ptr thrown;
#if defined(__cpp_exceptions)
        try {
            result.emplace(call.run(*reactor));
        } catch (abi::__forced_unwind&) {
            // The reactor's thread is being cancelled (pthread_cancel(3)): that must go on.
            call.closure_.reset();
            call.answer(error(std::errc::broken_pipe));
            throw;
        } catch (...) {
            thrown = std::current_exception();
        }
#else
        result.emplace(call.run(*reactor));
#endif
        call.closure_.reset();  // before the caller goes on, whose frame it may refer to
        // Throws: a coroutine that goes on in here may; that is not the closure's exception.
        if (result) {
            call.answer(std::move(*result));
        } else {
            call.fail(std::move(thrown));  // the caller's take() throws it on
        }
    }

    [[nodiscard]] Result<R> run(ReactorOps& reactor) {
        if constexpr (std::is_void_v<std::remove_cvref_t<ClosureResult<F>>>) {
            call_closure(*closure_, reactor);
            return {};
        } else {
            return Result<R>{call_closure(*closure_, reactor)};
        }
    }

    std::optional<F> closure_;
    std::shared_ptr<CallTask> self_;
};

}  // namespace eventp::detail
