// SPDX-License-Identifier: MIT
#include <atomic>
#include <chrono>
#include <coroutine>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>

#include <gtest/gtest.h>

#include <eventp/eventp.hpp>

#include "support/source.hpp"
#include "support/threads.hpp"

namespace eventp {
namespace {

using support::error_of;
using support::ReactorThread;

/// A coroutine that runs by itself from the call on.
struct Detached {
    // NOLINTBEGIN(readability-identifier-naming, readability-convert-member-functions-to-static)
    struct promise_type {
        Detached get_return_object() noexcept { return {}; }
        std::suspend_never initial_suspend() noexcept { return {}; }
        std::suspend_never final_suspend() noexcept { return {}; }
        void return_void() noexcept {}
        void unhandled_exception() noexcept { std::terminate(); }
    };
    // NOLINTEND(readability-identifier-naming, readability-convert-member-functions-to-static)
};

struct Seen {
    std::optional<Result<int>> answer;
    std::thread::id thread;
    std::atomic<bool> done{false};

    void wait() { done.wait(false); }
};

Detached await_answer(PendingCall<int> answer, Seen& seen) {
    seen.answer = co_await answer;
    seen.thread = std::this_thread::get_id();
    seen.done = true;
    seen.done.notify_all();
}

TEST(RemoteAsync, ResumesACoroutineOnTheReactorsThread) {  // [remote.async]
    ReactorThread running;
    Seen seen;
    std::atomic<bool> may_answer{false};

    await_answer(running.endpoint().call_async([&may_answer] {
        may_answer.wait(false);  // so that the coroutine is suspended first
        return 5;
    }),
                 seen);
    may_answer = true;
    may_answer.notify_all();
    seen.wait();

    EXPECT_EQ(seen.answer.value(), 5);
    EXPECT_EQ(seen.thread, running.thread_id());
}

TEST(RemoteAsync, ResumesACoroutineThroughResumeWith) {  // [remote.async]
    ReactorThread running;
    Seen seen;
    std::atomic<void*> handed_over{nullptr};

    await_answer(running.endpoint()
                     .call_async([] { return 6; })
                     .resume_with([&handed_over](std::coroutine_handle<> waiting) {
                         handed_over = waiting.address();
                         handed_over.notify_all();
                     }),
                 seen);
    handed_over.wait(nullptr);
    std::coroutine_handle<>::from_address(handed_over).resume();

    EXPECT_TRUE(seen.done);
    EXPECT_EQ(seen.answer.value(), 6);
    EXPECT_EQ(seen.thread, std::this_thread::get_id());
}

TEST(RemoteAsync, ResumesWhenTheReactorIsDestroyedAfterTheCallHasFinished) {  // [remote.resume]
    Seen seen;
    {
        Reactor reactor;
        PendingCall<int> call = RemoteEndpoint{reactor}.call_async([] { return 15; });
        support::poll(reactor);
        ASSERT_TRUE(call.is_ready());
        await_answer(std::move(call), seen);
        EXPECT_FALSE(seen.done);
    }

    ASSERT_TRUE(seen.done);
    EXPECT_EQ(seen.answer.value(), 15);
}

/// An answer that is there already.
PendingCall<int> given(const ReactorThread& running, int value) {
    auto answer = running.endpoint().call_async([value] { return value; });
    EXPECT_TRUE(running.endpoint().call([] {}));
    EXPECT_TRUE(answer.is_ready());
    return answer;
}

TEST(RemoteAsync, ResumesACoroutineOnTheReactorsThreadEvenIfTheResultIsReady) {  // [remote.async]
    ReactorThread running;
    Seen seen;

    await_answer(given(running, 9), seen);
    seen.wait();

    EXPECT_EQ(seen.answer.value(), 9);
    EXPECT_EQ(seen.thread, running.thread_id());
}

TEST(RemoteAsync, ResumesACoroutineThroughResumeWithEvenIfTheResultIsReady) {  // [remote.async]
    ReactorThread running;
    Seen seen;
    std::thread::id told_on;
    std::atomic<void*> handed_over{nullptr};

    await_answer(given(running, 10).resume_with([&](std::coroutine_handle<> waiting) {
        told_on = std::this_thread::get_id();
        handed_over = waiting.address();
        handed_over.notify_all();
    }),
                 seen);
    handed_over.wait(nullptr);
    EXPECT_FALSE(seen.done);
    std::coroutine_handle<>::from_address(handed_over).resume();

    EXPECT_TRUE(seen.done);
    EXPECT_EQ(seen.answer.value(), 10);
    EXPECT_EQ(told_on, running.thread_id());
    EXPECT_EQ(seen.thread, std::this_thread::get_id());
}

TEST(RemoteAsync,
     DoesNotSuspendACoroutineIfTheReactorIsDestroyed) {  // [remote.async] [remote.gone]
    ReactorThread running;
    Seen seen;
    PendingCall<int> answer = given(running, 11);
    running.stop_and_destroy();

    await_answer(std::move(answer), seen);

    ASSERT_TRUE(seen.done);
    EXPECT_EQ(seen.answer.value(), 11);
    EXPECT_EQ(seen.thread, std::this_thread::get_id());
}

TEST(RemoteAsync, ResumesACoroutineWithBrokenPipeWhenTheReactorIsDestroyed) {  // [remote.gone]
    std::optional<Reactor> reactor{std::in_place};
    const RemoteEndpoint endpoint{*reactor};
    Seen seen;
    await_answer(endpoint.call_async([] { return 7; }), seen);
    ASSERT_FALSE(seen.done);

    reactor.reset();

    ASSERT_TRUE(seen.done);
    EXPECT_EQ(error_of(seen.answer.value()), std::errc::broken_pipe);
}

TEST(RemoteAsync, FailsWithInvalidArgumentWhenMovedFrom) {  // [remote.once]
    Reactor reactor;
    PendingCall<int> from = RemoteEndpoint{reactor}.call_async([] { return 7; });
    const PendingCall<int> to = std::move(from);

    // NOLINTNEXTLINE(bugprone-use-after-move): it says what it does.
    EXPECT_TRUE(from.is_ready());
    EXPECT_EQ(error_of(std::move(from).get()), std::errc::invalid_argument);
    EXPECT_FALSE(to.is_ready());
}

TEST(RemoteAsync, FailsWithInvalidArgumentWhenItsResultIsTakenTwice) {  // [remote.once]
    ReactorThread running;
    PendingCall<int> call = running.endpoint().call_async([] { return 8; });

    EXPECT_EQ(std::move(call).get(), 8);

    // NOLINTBEGIN(bugprone-use-after-move): it says what it does.
    EXPECT_TRUE(call.is_ready());
    EXPECT_EQ(error_of(std::move(call).get()), std::errc::invalid_argument);
    // NOLINTEND(bugprone-use-after-move)
    Seen seen;
    await_answer(std::move(call), seen);
    ASSERT_TRUE(seen.done);
    EXPECT_EQ(error_of(seen.answer.value()), std::errc::invalid_argument);
}

#if defined(__cpp_exceptions)
/// A coroutine that runs by itself, and out of which exceptions come. This owns it.
class Throwing {
public:
    // NOLINTBEGIN(readability-identifier-naming, readability-convert-member-functions-to-static)
    struct promise_type {
        Throwing get_return_object() {
            return Throwing{std::coroutine_handle<promise_type>::from_promise(*this)};
        }
        std::suspend_never initial_suspend() noexcept { return {}; }
        std::suspend_always final_suspend() noexcept { return {}; }
        void return_void() noexcept {}
        void unhandled_exception() { throw; }
    };
    // NOLINTEND(readability-identifier-naming, readability-convert-member-functions-to-static)

    explicit Throwing(std::coroutine_handle<> handle) : handle_{handle} {}
    Throwing(const Throwing&) = delete;
    Throwing& operator=(const Throwing&) = delete;
    ~Throwing() { handle_.destroy(); }

private:
    std::coroutine_handle<> handle_;
};

Throwing await_and_throw(PendingCall<int> answer, Seen& seen) {
    seen.answer = co_await answer;
    throw std::runtime_error{"resumed"};
}

TEST(RemoteAsync, LetsTheExceptionOfACoroutineLeaveTheTurn) {  // [remote.async] [dispatch.throws]
    Reactor reactor;
    const RemoteEndpoint endpoint{reactor};
    Seen seen;
    bool ran = false;
    const Throwing coroutine = await_and_throw(endpoint.call_async([] { return 12; }), seen);
    ASSERT_TRUE(endpoint.post([&ran] { ran = true; }));

    EXPECT_THROW(static_cast<void>(reactor.run_once(std::chrono::seconds{0})), std::runtime_error);

    EXPECT_EQ(seen.answer.value(), 12);
    for (int turn = 0; turn < 3 && !ran; ++turn) {
        support::poll(reactor);
    }
    EXPECT_TRUE(ran);
}

TEST(RemoteAsync, LetsTheExceptionOfACoroutineWhoseResultIsReadyLeaveTheTurn) {
    // [remote.async] [dispatch.throws]
    Reactor reactor;
    const RemoteEndpoint endpoint{reactor};
    Seen seen;
    PendingCall<int> answer = endpoint.call_async([] { return 13; });
    support::poll(reactor);
    ASSERT_TRUE(answer.is_ready());
    const Throwing coroutine = await_and_throw(std::move(answer), seen);
    bool ran = false;
    ASSERT_TRUE(endpoint.post([&ran] { ran = true; }));

    EXPECT_THROW(static_cast<void>(reactor.run_once(std::chrono::seconds{0})), std::runtime_error);

    EXPECT_EQ(seen.answer.value(), 13);
    for (int turn = 0; turn < 3 && !ran; ++turn) {
        support::poll(reactor);
    }
    EXPECT_TRUE(ran);
}

TEST(RemoteAsync, KeepsTheResultIfResumeThrows) {  // [remote.resume]
    Reactor reactor;
    const RemoteEndpoint endpoint{reactor};
    Seen seen;
    std::coroutine_handle<> waiting;
    await_answer(
        endpoint.call_async([] { return 14; }).resume_with([&](std::coroutine_handle<> handle) {
            waiting = handle;
            throw std::runtime_error{"no place to resume"};
        }),
        seen);

    EXPECT_THROW(static_cast<void>(reactor.run_once(std::chrono::seconds{0})), std::runtime_error);
    ASSERT_TRUE(waiting);
    waiting.resume();

    ASSERT_TRUE(seen.done);
    EXPECT_EQ(seen.answer.value(), 14);
}

TEST(RemoteAsync, ThrowsWhatTheClosureThrew) {  // [remote.async]
    ReactorThread running;
    const auto thrower = []() -> int { throw std::runtime_error{"async"}; };

    EXPECT_THROW(static_cast<void>(running.endpoint().call_async(thrower).get()),
                 std::runtime_error);
}
#endif

TEST(RemoteAsync, RunsTheClosureEvenIfThePendingCallIsDestroyed) {  // [remote.async]
    ReactorThread running;
    bool ran = false;

    {
        const auto dropped = running.endpoint().call_async([&ran] { ran = true; });
    }
    ASSERT_TRUE(running.endpoint().call([] {}));

    EXPECT_TRUE(ran);
}

TEST(RemoteAsync, RefusesToBlockTheReactorsOwnThread) {  // [remote.async]
    ReactorThread running;
    const RemoteEndpoint& endpoint = running.endpoint();

    const auto inner =
        endpoint.call([&endpoint] { return error_of(endpoint.call_async([] {}).get()); });

    EXPECT_EQ(inner, std::errc::resource_deadlock_would_occur);
}

}  // namespace
}  // namespace eventp
