// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <concepts>
#include <coroutine>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include <eventp/detail/call.hpp>
#include <eventp/detail/duration.hpp>
#include <eventp/detail/task.hpp>
#include <eventp/reactor.hpp>
#include <eventp/result.hpp>

namespace eventp {

namespace detail {
class RemoteChannel;
}

template <typename R>
class PendingCall;

/// A handle by which other threads reach a reactor: closures run on the reactor's thread.
///
/// A closure takes ReactorOps& or nothing, is moved in and may be move-only. One producer's
/// closures run in the order of their posting [remote.order]. A turn runs a bounded number; what
/// is left runs in the next one, so that posts cannot starve descriptors [remote.bounded].
/// Posting to a reactor that is awake costs no system call; it gets at most one eventfd write each
/// time it goes to sleep [remote.coalesce].
///
/// The reactor may go first: from then on everything answers broken_pipe, and everybody who waits
/// is told so [remote.gone]. Closures that did not run are destroyed, with no lock held, by the
/// thread that destroys the reactor.
/// A thread that posts keeps 16 KiB for its closures until it ends.
/// In a forked child everything answers no_child_process until Reactor::reinit_after_fork();
/// closures posted before the fork run in the parent only, and a PendingCall from before it is
/// never anything but no_child_process in the child. A coroutine that waited for one goes on in the
/// parent only. [remote.fork]
///
/// Thread safety:  thread-safe, but for making one from a Reactor, which is thread-bound. Copies
///                 are handles on the same reactor; moving one copies it.
/// Not promised:   an answer when nobody runs the reactor, or when two reactors call each other and
///                 both wait.
// NOLINTNEXTLINE(cppcoreguidelines-special-member-functions): moving one copies it.
class EVENTP_API RemoteEndpoint {
public:
    explicit RemoteEndpoint(Reactor& reactor) noexcept;
    RemoteEndpoint(const RemoteEndpoint&) noexcept = default;
    RemoteEndpoint& operator=(const RemoteEndpoint&) noexcept = default;
    ~RemoteEndpoint() = default;

    /// Has `closure` run in a coming turn, and returns at once. [remote.post]
    ///
    /// What it returns is dropped; what it throws leaves run_once() as a handler's exception does,
    /// and what was posted behind it still runs. From the reactor's own thread: runs next turn.
    /// Errors:         broken_pipe: the reactor is gone; `closure` is destroyed.
    /// Throws:         std::bad_alloc.
    template <typename F>
    [[nodiscard]] Result<> post(F&& closure) const {
        auto task = std::make_unique<detail::PostedTask<std::decay_t<F>>>(
            std::decay_t<F>(std::forward<F>(closure)));
        Result<> posted = enqueue(*task);
        if (posted) {
            static_cast<void>(task.release());
        }
        return posted;
    }

    /// Runs `closure` on the reactor's thread and waits for what it returns. [remote.call]
    ///
    /// Returns:        the closure's result; a Result<T> is not wrapped twice.
    /// Errors:         broken_pipe: the reactor is gone, or went before the closure ran.
    ///                 resource_deadlock_would_occur: this is the reactor's own thread.
    ///                 Those that a closure which returns a Result answers.
    /// Throws:         what the closure throws, std::bad_alloc.
    template <typename F>
    [[nodiscard]] auto call(F&& closure) const -> Result<detail::CallResult<std::decay_t<F>>> {
        auto sent = send(std::forward<F>(closure), /*waits=*/true);
        if (!sent) {
            return std::unexpected{sent.error()};
        }
        (*sent)->wait();
        return (*sent)->take();
    }

    /// The same, waiting no longer than `timeout` for the closure to start. [remote.timeout]
    ///
    /// Errors:         timed_out: it has not started, and never will; it is destroyed before the
    ///                 call returns. One that has started is waited for, however long it takes: it
    ///                 may use what is on the caller's stack.
    ///                 Otherwise those of call().
    template <typename F, typename Rep, typename Period>
    [[nodiscard]] auto call(F&& closure, std::chrono::duration<Rep, Period> timeout) const
        -> Result<detail::CallResult<std::decay_t<F>>> {
        const auto deadline = std::chrono::steady_clock::now() + clamped(timeout);
        auto sent = send(std::forward<F>(closure), /*waits=*/true);
        if (!sent) {
            return std::unexpected{sent.error()};
        }
        if (!(*sent)->wait_or_give_up(deadline)) {
            (*sent)->destroy_closure();
            return detail::error(std::errc::timed_out);
        }
        return (*sent)->take();
    }

    /// Has `closure` run on the reactor's thread and gives a handle on its answer, which can be
    /// waited for, awaited by a coroutine, or turned into a std::future. [remote.async]
    ///
    /// Errors come with the answer: broken_pipe as for call(). Throws std::bad_alloc.
    template <typename F>
    [[nodiscard]] auto call_async(F&& closure) const
        -> PendingCall<detail::CallResult<std::decay_t<F>>>;

    /// Reactor::stop() from any thread: ends a run after its batch, wakes it when it waits.
    /// [remote.stop]
    /// Errors:         broken_pipe: the reactor is gone.
    [[nodiscard]] Result<> stop() const noexcept;

private:
    template <typename R>
    friend class PendingCall;

    [[nodiscard]] Result<> enqueue(detail::Task& task) const noexcept;
    [[nodiscard]] bool is_reactors_thread() const noexcept;
    /// How often the reactor was taken over by a forked child.
    [[nodiscard]] std::uint32_t fork_epoch() const noexcept;
    /// This is a forked child's copy, of a process with so many fork_epoch.
    [[nodiscard]] bool has_forked_since(std::uint32_t fork_epoch) const noexcept;

    template <typename F>
    [[nodiscard]] auto send(F&& closure, bool waits) const
        -> Result<std::shared_ptr<detail::CallTask<std::decay_t<F>>>> {
        if (waits && is_reactors_thread()) {
            return detail::error(std::errc::resource_deadlock_would_occur);
        }
        auto call = std::make_shared<detail::CallTask<std::decay_t<F>>>(std::forward<F>(closure));
        call->keep_alive(call);
        if (auto posted = enqueue(*call); !posted) {
            call->drop_reactors_half();
            return std::unexpected{posted.error()};
        }
        return call;
    }

    /// So that the deadline does not overflow: a century is for ever.
    template <typename Rep, typename Period>
    static std::chrono::nanoseconds clamped(std::chrono::duration<Rep, Period> timeout) noexcept {
        using std::chrono::nanoseconds;
        constexpr nanoseconds longest = std::chrono::hours{24 * 36525};
        return std::clamp(nanoseconds{detail::saturated_ns(timeout)}, nanoseconds{0}, longest);
    }

    std::shared_ptr<detail::RemoteChannel> channel_;
};

/// The answer of RemoteEndpoint::call_async(), given once.
///
///     Result<int> a = endpoint.call_async(f).get();             // waits
///     Result<int> b = co_await endpoint.call_async(f);          // resumed on the reactor's thread
///     std::future<Result<int>> c = endpoint.call_async(f).future();
///
/// Dropping it does not take the closure back. Moved from, it answers broken_pipe.
/// Thread safety:  like a std::future.
template <typename R>
class [[nodiscard]] PendingCall {
public:
    PendingCall(PendingCall&&) noexcept = default;
    PendingCall& operator=(PendingCall&&) noexcept = default;
    PendingCall(const PendingCall&) = delete;
    PendingCall& operator=(const PendingCall&) = delete;
    ~PendingCall() {
        if (awaiting_ != nullptr) {
            awaiting_->forget();
        }
    }

    /// The answer is there: get() does not wait.
    [[nodiscard]] bool is_ready() const { return why_none() || state_->is_done(); }

    /// Waits and gives the answer; throws what the closure threw.
    /// Errors:         resource_deadlock_would_occur: on the reactor's own thread, before the
    ///                 answer is there. The answer is lost then.
    ///                 no_child_process: the call was made before this process was forked.
    [[nodiscard]] Result<R> get() && {
        if (const auto refusal = why_none()) {
            return detail::error(*refusal);
        }
        if (!state_->is_done() && endpoint_.is_reactors_thread()) {
            return detail::error(std::errc::resource_deadlock_would_occur);
        }
        state_->wait();
        return state_->take();
    }

    /// As a std::future, whose get() throws what the closure threw.
    [[nodiscard]] std::future<Result<R>> future() && {
        std::promise<Result<R>> promise;
        std::future<Result<R>> future = promise.get_future();
        const auto none = why_none();
        auto fulfil = [state = state_, none, promise = std::move(promise)]() mutable {
            fulfil_with(promise, state.get(), none);
        };
        if (none || state_->is_done()) {
            fulfil();
        } else if (auto later = std::make_shared<decltype(fulfil)>(std::move(fulfil));
                   !state_->then([later] { (*later)(); })) {
            (*later)();
        }
        return future;
    }

    /// Where a coroutine that awaits this goes on: `resume(handle)` is called on the reactor's
    /// thread, once, and has it resumed wherever it likes. The default resumes it right there; what
    /// it throws leaves run_once() then, as a handler's exception does. Without a reactor any more
    /// a coroutine goes on at the thread that ends the reactor, where an exception that leaves it
    /// is std::terminate, or where it awaits.
    [[nodiscard]] PendingCall resume_with(
        std::move_only_function<void(std::coroutine_handle<>)> resume) && {
        resume_ = std::move(resume);
        return std::move(*this);
    }

    [[nodiscard]] bool await_ready() const { return why_none().has_value(); }
    [[nodiscard]] bool await_suspend(std::coroutine_handle<> waiting) {
        awaiting_ = std::make_shared<Awaiting>(std::move(resume_), waiting);
        // Once somebody else may let the coroutine go on, this object may end at any moment.
        const auto go_on = [awaiting = awaiting_] { awaiting->go_on(); };
        const RemoteEndpoint endpoint = endpoint_;
        return state_->then(go_on) || endpoint.post(go_on).has_value();
    }
    [[nodiscard]] Result<R> await_resume() {
        const auto none = why_none();
        return none ? Result<R>{detail::error(*none)} : state_->take();
    }

private:
    friend class RemoteEndpoint;

    PendingCall(const RemoteEndpoint& endpoint, std::shared_ptr<detail::CallState<R>> state,
                std::errc refusal)
        : endpoint_{endpoint},
          state_{std::move(state)},
          refusal_{refusal},
          fork_epoch_{endpoint.fork_epoch()} {}

    /// Asked before the state is: in a forked child its lock may be held for ever.
    [[nodiscard]] std::optional<std::errc> why_none() const noexcept {
        if (state_ == nullptr) {
            return refusal_;
        }
        if (endpoint_.has_forked_since(fork_epoch_)) {
            return std::errc::no_child_process;
        }
        return std::nullopt;
    }

    static void fulfil_with(std::promise<Result<R>>& promise, detail::CallState<R>* state,
                            std::optional<std::errc> none) {
#if defined(__cpp_exceptions)
        try {
            promise.set_value(none ? Result<R>{detail::error(*none)} : state->take());
        } catch (...) {
            promise.set_exception(std::current_exception());
        }
#else
        promise.set_value(none ? Result<R>{detail::error(*none)} : state->take());
#endif
    }

    using Resume = std::move_only_function<void(std::coroutine_handle<>)>;

    /// A coroutine that waits. It goes on once, and not when it was destroyed meanwhile.
    class Awaiting {
    public:
        Awaiting(Resume resume, std::coroutine_handle<> waiting)
            : resume_{std::move(resume)}, frame_{waiting.address()} {}

        void forget() noexcept { frame_.store(nullptr); }
        void go_on() {
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

    RemoteEndpoint endpoint_;
    std::shared_ptr<detail::CallState<R>> state_;  // null: refused
    std::errc refusal_;                            // why, then
    std::uint32_t fork_epoch_;                     // when the call was made
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
                          std::errc::broken_pipe};
}

}  // namespace eventp
