// SPDX-License-Identifier: MIT
//
// A noexcept function that acts on a cancellation request terminates the process. Each one that
// makes a system call is called here by a thread that has a request pending.
#include <atomic>
#include <csignal>
#include <functional>
#include <optional>
#include <ostream>
#include <utility>

#include <gtest/gtest.h>

#include <pthread.h>
#include <unistd.h>

#include <eventp/eventp.hpp>

#include "support/children.hpp"
#include "support/files.hpp"
#include "support/signals.hpp"
#include "support/source.hpp"
#include "support/threads.hpp"

#if defined(__SANITIZE_ADDRESS__)
#define EVENTP_TEST_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define EVENTP_TEST_ASAN 1
#endif
#endif

// AddressSanitizer takes the unwinding of a cancelled thread for a stack of its own and aborts.
#if defined(__cpp_exceptions) && !defined(EVENTP_TEST_ASAN)

namespace eventp::support {
namespace {

/// What a thread does with a cancellation request pending, and how far it got.
struct Attempt {
    std::function<void()> action;
    bool has_returned = false;
};

/// Runs `action` in a thread that has requested its own cancellation. Returns whether the action
/// returned, and the thread was cancelled after that.
bool returns_with_a_request_pending(std::function<void()> action) {
    Attempt attempt{.action = std::move(action)};
    const auto body = [](void* argument) -> void* {
        auto& self = *static_cast<Attempt*>(argument);
        ::pthread_cancel(::pthread_self());
        self.action();
        self.has_returned = true;
        ::pthread_testcancel();
        return argument;
    };
    pthread_t thread{};
    EXPECT_EQ(::pthread_create(&thread, nullptr, body, &attempt), 0);
    void* result = nullptr;
    EXPECT_EQ(::pthread_join(thread, &result), 0);
    return attempt.has_returned && result == PTHREAD_CANCELED;
}

/// What the noexcept functions are called on.
struct Objects {
    Idle idle;
    std::optional<ChildProcess> child{idle.start()};
    ChildSignaler signaler = child->signaler().value();
    std::optional<SignalSet> signals{SignalSet::create({SIGUSR1, SIGUSR2}).value()};
    std::optional<Reactor> reactor{std::in_place};
    std::optional<Timers> timers{Timers::create(*reactor).value()};
    RemoteEndpoint endpoint{*reactor};
    OwnedFd file = make_eventfd();
};

struct NoexceptCall {
    const char* name;
    std::function<void(Objects&)> call;
};
std::ostream& operator<<(std::ostream& out, const NoexceptCall& call) {
    return out << call.name;
}

class Cancellation : public ::testing::TestWithParam<NoexceptCall> {};

TEST_P(Cancellation, IsNotActedUponInAFunctionThatIsNoexcept) {  // [child.cancel] [signal.cancel]
    Objects objects;

    EXPECT_TRUE(returns_with_a_request_pending([&] { GetParam().call(objects); }));
}

INSTANTIATE_TEST_SUITE_P(
    Calls, Cancellation,
    ::testing::Values(
        NoexceptCall{"OwnedFd_reset", [](Objects& o) { o.file.reset(); }},
        NoexceptCall{"ChildProcess_status",
                     [](Objects& o) { static_cast<void>(o.child->status()); }},
        NoexceptCall{"ChildProcess_status_that_reaps",
                     [](Objects& o) {
                         EXPECT_TRUE(o.child->kill(SIGKILL));
                         while (!o.child->status()) {
                         }
                     }},
        NoexceptCall{"ChildProcess_kill",
                     [](Objects& o) { static_cast<void>(o.child->kill(SIGCONT)); }},
        NoexceptCall{"ChildProcess_signaler",
                     [](Objects& o) { static_cast<void>(o.child->signaler()); }},
        NoexceptCall{"ChildProcess_destructor_that_kills", [](Objects& o) { o.child.reset(); }},
        NoexceptCall{"ChildProcess_destructor_that_detaches",
                     [](Objects& o) {
                         *o.child = o.idle.start(OnDestroy::detach);
                         o.child.reset();
                         o.idle.end_all();
                         while (ChildProcess::reap_detached() != 0) {
                         }
                     }},
        NoexceptCall{"ChildProcess_reap_detached",
                     [](Objects& /*o*/) { static_cast<void>(ChildProcess::reap_detached()); }},
        NoexceptCall{"ChildSignaler_kill",
                     [](Objects& o) { static_cast<void>(o.signaler.kill(SIGCONT)); }},
        NoexceptCall{"SignalSet_next", [](Objects& o) { static_cast<void>(o.signals->next()); }},
        NoexceptCall{"SignalSet_after_fork", [](Objects& o) { o.signals->after_fork(*o.reactor); }},
        NoexceptCall{"SignalSet_assignment",
                     [](Objects& o) {
                         SignalSet other = SignalSet::create({SIGHUP}).value();
                         *o.signals = std::move(other);
                     }},
        NoexceptCall{"SignalSet_destructor", [](Objects& o) { o.signals.reset(); }},
        NoexceptCall{"Reactor_stop", [](Objects& o) { o.reactor->stop(); }},
        NoexceptCall{"Reactor_destructor",
                     [](Objects& o) {
                         o.timers.reset();
                         o.reactor.reset();
                     }},
        NoexceptCall{"Timers_destructor", [](Objects& o) { o.timers.reset(); }},
        NoexceptCall{"RemoteEndpoint_stop",
                     [](Objects& o) { static_cast<void>(o.endpoint.stop()); }}),
    [](const auto& test) { return test.param.name; });

// --- the one function of a child that is a cancellation point -----------------------------------

/// A thread that waits for a child.
class Waiter {
public:
    explicit Waiter(ChildProcess& child) : child_{child} {
        const auto body = [](void* argument) -> void* {
            auto& self = *static_cast<Waiter*>(argument);
            self.thread_.store(::gettid());
            self.thread_.notify_all();
            static_cast<void>(self.child_.wait());
            return argument;
        };
        EXPECT_EQ(::pthread_create(&handle_, nullptr, body, this), 0);
    }
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    ~Waiter() = default;

    /// Cancels it while it waits. Returns whether that ended it.
    [[nodiscard]] bool cancel() const {
        thread_.wait(0);
        wait_until_blocked(thread_.load());
        EXPECT_EQ(::pthread_cancel(handle_), 0);
        void* result = nullptr;
        EXPECT_EQ(::pthread_join(handle_, &result), 0);
        return result == PTHREAD_CANCELED;
    }

private:
    ChildProcess& child_;
    std::atomic<pid_t> thread_{0};
    pthread_t handle_{};
};

TEST(ChildWait, DoesNotChangeTheChildWhenItsThreadIsCancelled) {  // [child.wait] [child.cancel]
    Idle idle;
    ChildProcess child = idle.start();
    const Waiter waiter{child};

    EXPECT_TRUE(waiter.cancel());

    EXPECT_TRUE(runs(child.pid()));
    EXPECT_EQ(child.status(), std::nullopt);
    idle.end_all();
    EXPECT_EQ(child.wait(), ExitStatus::exited(0));
}

TEST(ChildWait, LosesNoStatusWhenACancellationRequestIsPending) {  // [child.wait] [child.cancel]
    ChildProcess child = ChildProcess::spawn(shell("exit 3")).value();
    wait_for_zombie(child.pid());

    // Whether the request is acted upon or not, the status is there afterwards.
    static_cast<void>(returns_with_a_request_pending([&] { static_cast<void>(child.wait()); }));

    EXPECT_EQ(child.wait(), ExitStatus::exited(3));
}

}  // namespace
}  // namespace eventp::support

#endif
