// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>

#include <eventp/detail/call.hpp>
#include <eventp/detail/duration.hpp>
#include <eventp/detail/null_handler.hpp>
#include <eventp/detail/task.hpp>
#include <eventp/reactor.hpp>
#include <eventp/result.hpp>

namespace eventp::inline EVENTP_ABI_NAMESPACE {

namespace detail {
class RemoteChannel;
}

template <typename R>
class PendingCall;

/// Runs closures on a reactor's thread, from any other thread.
///
/// A closure takes ReactorOps& or nothing; it is moved in and may be move-only. The closures that
/// one thread posts run in the order in which they were posted [remote.order]. At most 256 run in a
/// turn, before the events of that turn; the others run in the next ones, so that posts cannot
/// starve descriptors. What a closure posts runs in a later turn [remote.bounded].
/// Posting to a reactor that is awake makes no system call. Each time the reactor sleeps, at most
/// one post writes to its eventfd [remote.coalesce].
///
/// The reactor may be destroyed or closed first. From then on every operation returns broken_pipe,
/// and threads that are already waiting are woken with the same error [remote.gone]. Closures that
/// have not run are destroyed, with no lock held, by the thread that destroys the reactor.
/// Each thread that posts keeps 16 KiB for its closures until it ends.
///
/// In a forked child every operation returns no_child_process until Reactor::reinit_after_fork().
/// Closures posted before the fork run only in the parent. In the child, a PendingCall from before
/// the fork always fails with no_child_process, and a coroutine that was awaiting one is never
/// resumed. [remote.fork]
///
/// Thread safety:  thread-safe, except for the construction from a Reactor, which is thread-bound.
///                 Copies refer to the same reactor; moving one copies it.
/// Not promised:   a result if no thread runs the reactor, or if two reactors call each other and
///                 both wait.
// NOLINTNEXTLINE(cppcoreguidelines-special-member-functions): moving one copies it.
class EVENTP_API RemoteEndpoint {
public:
    explicit RemoteEndpoint(Reactor& reactor) noexcept;
    RemoteEndpoint(const RemoteEndpoint&) noexcept = default;
    RemoteEndpoint& operator=(const RemoteEndpoint&) noexcept = default;
    ~RemoteEndpoint() = default;

    /// Queues `closure` for a coming turn and returns at once. [remote.post]
    ///
    /// The result of the closure is ignored. If it throws, the exception leaves run_once() as the
    /// exception of a handler does, and the closures after it run in a later turn.
    /// Errors:         broken_pipe: the reactor was closed; `closure` is destroyed.
    ///                 invalid_argument: `closure` is a null pointer or an empty std::function.
    ///                 no_child_process: this is a forked child.
    /// Throws:         std::bad_alloc, and what copying or moving `closure` throws.
    template <typename F>
    [[nodiscard]] Result<> post(F&& closure) const {
        if (detail::is_null_handler(closure)) {
            return detail::error(std::errc::invalid_argument);
        }
        auto task = std::make_unique<detail::PostedTask<std::decay_t<F>>>(std::forward<F>(closure));
        Result<> posted = enqueue(*task);
        if (posted) {
            static_cast<void>(task.release());
        }
        return posted;
    }
    /// The same for a member function of `object` that takes ReactorOps& or nothing, as
    /// with_handler<Function>(object) takes it (handler.hpp). It is not called if the object of a
    /// std::weak_ptr has been destroyed. [remote.member]
    template <auto Function, typename Object>
    [[nodiscard]] Result<> post(Object&& object) const {
        return post(detail::make_member_handler<Function>(std::forward<Object>(object)));
    }

    /// Runs `closure` on the reactor's thread and waits for its result. [remote.call]
    ///
    /// When it returns, the closure and what the closure has removed from the reactor are destroyed
    /// [remote.call_destroys]. The calling thread may be cancelled (pthread_cancel(3)) while it
    /// waits: a closure that has not started never will then, one that has started is waited for
    /// [remote.cancel].
    /// Returns:        the closure's result; a Result<T> is not wrapped twice.
    /// Errors:         broken_pipe: the reactor was closed before the closure ran.
    ///                 resource_deadlock_would_occur: this is the reactor's own thread.
    ///                 invalid_argument: `closure` is a null pointer or an empty std::function.
    ///                 no_child_process: this is a forked child.
    ///                 The errors of a closure that returns a Result.
    /// Throws:         what the closure throws, what copying or moving it or its result throws
    ///                 [remote.throws], std::bad_alloc.
    template <typename F>
    [[nodiscard]] auto call(F&& closure) const -> Result<detail::CallResult<std::decay_t<F>>> {
        auto sent = send(std::forward<F>(closure), /*waits=*/true);
        if (!sent) {
            return std::unexpected{sent.error()};
        }
        Waiting waiting{**sent};
        (*sent)->wait();
        waiting.is_over = true;
        return (*sent)->take();
    }

    /// The same, but waits no longer than `timeout` for the closure to start. [remote.timeout]
    ///
    /// Errors:         timed_out: it has not started, and never will; it is destroyed before the
    ///                 call returns. A closure that has started is waited for, however long it
    ///                 takes: it may use what is on the caller's stack.
    ///                 Otherwise those of call().
    template <typename F, typename Rep, typename Period>
    [[nodiscard]] auto call(F&& closure, std::chrono::duration<Rep, Period> timeout) const
        -> Result<detail::CallResult<std::decay_t<F>>> {
        const auto deadline = std::chrono::steady_clock::now() + clamped(timeout);
        auto sent = send(std::forward<F>(closure), /*waits=*/true);
        if (!sent) {
            return std::unexpected{sent.error()};
        }
        Waiting waiting{**sent};
        const bool is_done = (*sent)->wait_until(deadline);
        waiting.is_over = true;
        if (!is_done) {
            (*sent)->destroy_closure();
            return detail::error(std::errc::timed_out);
        }
        return (*sent)->take();
    }

    /// Runs `closure` on the reactor's thread and returns at once. The PendingCall (include
    /// <eventp/pending_call.hpp>) is waited for, or awaited by a coroutine. [remote.async]
    ///
    /// Errors:         those of call(), from the PendingCall.
    /// Throws:         std::bad_alloc, and what copying or moving `closure` throws.
    template <typename F>
    [[nodiscard]] auto call_async(F&& closure) const
        -> PendingCall<detail::CallResult<std::decay_t<F>>>;

    /// Reactor::stop() from any thread: ends a run after its current batch. [remote.stop]
    ///
    /// Errors:         broken_pipe: the reactor was closed. no_child_process: a forked child.
    [[nodiscard]] Result<> stop() const noexcept;

private:
    template <typename R>
    friend class PendingCall;

    /// Abandons the call if the caller unwinds while it waits.
    template <typename Call>
    struct Waiting {
        explicit Waiting(Call& waited_for) noexcept : call{waited_for} {}
        Waiting(const Waiting&) = delete;
        Waiting& operator=(const Waiting&) = delete;
        ~Waiting() {
            if (!is_over && call.abandon()) {
                call.destroy_closure();
            }
        }

        Call& call;
        bool is_over = false;
    };

    [[nodiscard]] Result<> enqueue(detail::Task& task) const noexcept;
    [[nodiscard]] bool is_reactors_thread() const noexcept;
    /// A number that differs in a forked child.
    [[nodiscard]] static std::uint32_t process() noexcept;

    template <typename F>
    [[nodiscard]] auto send(F&& closure, bool waits) const
        -> Result<std::shared_ptr<detail::CallTask<std::decay_t<F>>>> {
        if (detail::is_null_handler(closure)) {
            return detail::error(std::errc::invalid_argument);
        }
        if (waits && is_reactors_thread()) {
            return detail::error(std::errc::resource_deadlock_would_occur);
        }
        auto call = std::make_shared<detail::CallTask<std::decay_t<F>>>(std::forward<F>(closure));
        call->share_with_mailbox(call);
        if (auto posted = enqueue(*call); !posted) {
            call->drop_mailbox_share();
            return std::unexpected{posted.error()};
        }
        return call;
    }

    /// So that the deadline does not overflow: a century is as long as forever.
    template <typename Rep, typename Period>
    static std::chrono::nanoseconds clamped(std::chrono::duration<Rep, Period> timeout) noexcept {
        using std::chrono::nanoseconds;
        constexpr nanoseconds longest = std::chrono::hours{24 * 36525};
        return std::clamp(nanoseconds{detail::saturated_ns(timeout)}, nanoseconds{0}, longest);
    }

    std::shared_ptr<detail::RemoteChannel> channel_;
};

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE
