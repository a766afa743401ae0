// SPDX-License-Identifier: MIT
//
// A noexcept function that acts on a cancellation request terminates the process. Each one that
// makes a system call is called here by a thread that has a request pending.
#include <atomic>
#include <chrono>
#include <csignal>
#include <functional>
#include <optional>
#include <ostream>
#include <stop_token>
#include <thread>
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

#if defined(__cpp_exceptions)

namespace eventp::support {
namespace {

/// Runs `action` in a thread that has requested its own cancellation. Returns whether the action
/// returned, and the thread was cancelled after that.
bool returns_with_a_request_pending(const std::function<void()>& action) {
    bool has_returned = false;
    const CancellableThread thread{[&] {
        ::pthread_cancel(::pthread_self());
        action();
        has_returned = true;
#if defined(EVENTP_TEST_ASAN)
        ::pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, nullptr);
#else
        ::pthread_testcancel();
#endif
    }};
    const bool was_cancelled = thread.join();
#if defined(EVENTP_TEST_ASAN)
    return has_returned && !was_cancelled;
#else
    return has_returned && was_cancelled;
#endif
}

/// An object with two descriptors.
struct TwoFiles {
    OwnedFd first = make_eventfd();
    OwnedFd second = make_eventfd();
    void on_event() {}
};
auto make_device() {
    return device<TwoFiles>()
        .watch<&TwoFiles::first, &TwoFiles::on_event>(reading)
        .watch<&TwoFiles::second, &TwoFiles::on_event>(reading)
        .build();
}
AnySubscriber make_subscriber() {
    return interest().read().with_fd(make_eventfd()).with_handler([] {}).build();
}

/// What the noexcept functions are called on.
struct Objects {
    Idle idle;
    std::optional<ChildProcess> child{idle.start()};
    ChildSignaler signaler = child->signaler().value();
    std::optional<SignalSet> signals{SignalSet::create({SIGUSR1, SIGUSR2}).value()};
    std::optional<Reactor> reactor{std::in_place};
    std::optional<Timers> timers{Timers::create(*reactor).value()};
    std::optional<RemoteEndpoint> endpoint{std::in_place, *reactor};
    // From here on a post wakes whatever waits for this descriptor.
    BorrowedFd outer = reactor->fd().value();
    TimerId timer = timers->after(std::chrono::hours{1}, [] {}).value();
    OwnedFd file = make_eventfd();
    std::optional<AnySubscriber> subscriber{make_subscriber()};
    RegistrationId registered = make_registered(*reactor);
    std::optional<decltype(make_device())> two_files{make_device()};

    static RegistrationId make_registered(Reactor& reactor) {
        AnySubscriber made = make_subscriber();
        return reactor.add(made).value();
    }
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
        NoexceptCall{"OwnedFd_assignment", [](Objects& o) { o.file = OwnedFd{}; }},
        NoexceptCall{"OwnedFd_destructor",
                     [](Objects& o) { const OwnedFd destroyed = std::move(o.file); }},
        NoexceptCall{"AnySubscriber_assignment",
                     [](Objects& o) { *o.subscriber = AnySubscriber{}; }},
        NoexceptCall{"AnySubscriber_destructor", [](Objects& o) { o.subscriber.reset(); }},
        NoexceptCall{"Device_assignment", [](Objects& o) { *o.two_files = make_device(); }},
        NoexceptCall{"Device_destructor", [](Objects& o) { o.two_files.reset(); }},
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
        NoexceptCall{"Reactor_destructor_that_destroys_subscribers",
                     [](Objects& o) {
                         o.signals.reset();
                         o.timers.reset();
                         o.endpoint.reset();
                         o.reactor.reset();
                     }},
        NoexceptCall{"Reactor_stats", [](Objects& o) { static_cast<void>(o.reactor->stats()); }},
        NoexceptCall{"Timers_destructor", [](Objects& o) { o.timers.reset(); }},
        NoexceptCall{"Timers_assignment",
                     [](Objects& o) { *o.timers = Timers::create(*o.reactor).value(); }},
        NoexceptCall{"Timers_cancel", [](Objects& o) { EXPECT_TRUE(o.timers->cancel(o.timer)); }},
        NoexceptCall{"Timers_reschedule",
                     [](Objects& o) {
                         EXPECT_TRUE(o.timers->reschedule(o.timer, std::chrono::seconds{1}));
                     }},
        NoexceptCall{"BootClock_now", [](Objects& /*o*/) { static_cast<void>(BootClock::now()); }},
        NoexceptCall{"RemoteEndpoint_stop",
                     [](Objects& o) { static_cast<void>(o.endpoint->stop()); }},
        NoexceptCall{"RemoteEndpoint_constructor",
                     [](Objects& o) { const RemoteEndpoint made{*o.reactor}; }},
        NoexceptCall{"RemoteEndpoint_destructor_of_the_last_one",
                     [](Objects& o) {
                         o.timers.reset();
                         o.reactor.reset();
                         o.endpoint.reset();
                     }},
        NoexceptCall{"PendingCall_destructor",
                     [](Objects& o) { const auto call = o.endpoint->call_async([] {}); }},
        NoexceptCall{"PendingCall_assignment",
                     [](Objects& o) {
                         auto call = o.endpoint->call_async([] {});
                         call = o.endpoint->call_async([] {});
                     }},
        // Not noexcept themselves; but they call functions of the library that are.
        NoexceptCall{"RemoteEndpoint_post",
                     [](Objects& o) { EXPECT_TRUE(o.endpoint->post([] {})); }},
        NoexceptCall{"Reactor_remove",
                     [](Objects& o) { EXPECT_TRUE(o.reactor->remove(o.registered)); }},
        NoexceptCall{"Reactor_remove_now",
                     [](Objects& o) { EXPECT_TRUE(o.reactor->remove_now(o.registered)); }},
        NoexceptCall{"Reactor_extract",
                     [](Objects& o) { EXPECT_TRUE(o.reactor->extract(o.registered)); }},
        NoexceptCall{"Reactor_add_and_modify",
                     [](Objects& o) {
                         const auto added = o.reactor->add(*o.subscriber);
                         EXPECT_TRUE(o.reactor->modify(added.value(), nothing));
                     }},
        NoexceptCall{"Reactor_close_and_extract",
                     [](Objects& o) { EXPECT_TRUE(o.reactor->close_and_extract()); }}),
    [](const auto& test) { return test.param.name; });

/// The reactor runs in another thread, which a stop request wakes.
TEST(CancellationOfARequester, IsNotActedUponInAStopRequest) {  // [run.token]
    Reactor reactor;
    std::stop_source stop;
    std::jthread runs{[&] { EXPECT_TRUE(reactor.run(stop.get_token())); }};

    EXPECT_TRUE(returns_with_a_request_pending([&] { stop.request_stop(); }));
}

#if !defined(EVENTP_TEST_ASAN)

/// What a handler removes is destroyed after it has returned, and closes its descriptor.
TEST(CancellationInAHandler, IsActedUponInTheNextWait) {  // [dispatch.throws] [remove.self]
    Reactor reactor;
    const RegistrationId victim = Objects::make_registered(reactor);
    bool has_removed = false;
    const auto id = interest()
                        .read()
                        .with_fd(make_eventfd(1))
                        .with_handler([&](RegistrationId self, ReactorOps& by) {
                            ::pthread_cancel(::pthread_self());
                            EXPECT_TRUE(by.remove(victim));
                            EXPECT_TRUE(by.remove(self));
                            by.destroy_removed();
                            has_removed = true;
                        })
                        .register_into(reactor);
    ASSERT_TRUE(id);
    const CancellableThread thread{[&reactor] { static_cast<void>(reactor.run()); }};

    EXPECT_TRUE(thread.join());
    EXPECT_TRUE(has_removed);
    EXPECT_EQ(reactor.stats().registered, 0U);
    EXPECT_EQ(poll(reactor), 0U);
}

// --- the one function of a child that is a cancellation point -----------------------------------

TEST(ChildWait, DoesNotChangeTheChildWhenItsThreadIsCancelled) {  // [child.wait] [child.cancel]
    Idle idle;
    ChildProcess child = idle.start();
    const CancellableThread waiter{[&child] { static_cast<void>(child.wait()); }};
    waiter.wait_until_blocked();

    waiter.cancel();
    EXPECT_TRUE(waiter.join());

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

#endif  // EVENTP_TEST_ASAN

}  // namespace
}  // namespace eventp::support

#endif
