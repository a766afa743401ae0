// SPDX-License-Identifier: MIT
//
// A reactor, the threads that post to it, call it, stop it and see it destroyed, under weak memory.
// tools/weaken_orders.py weakens each memory order of the sources and expects this to fail.
// Compiled with -include weak_memory.hpp: what comes after that is simulated.
#include <coroutine>
#include <memory>
#include <optional>
#include <utility>

#include <eventp/eventp.hpp>

#include "library.hpp"
#include "scenario.hpp"
#include "weak_memory.hpp"

namespace eventp::relacy {
namespace {

/// A reactor that thread 0 runs, in each execution another one.
template <typename Scenario, int threads>
class World : public rl::test_suite<Scenario, threads> {
public:
    void thread(unsigned index) {
        Scenario& self = static_cast<Scenario&>(*this);
        if (index == 0) {
            self.reactors_thread();
        } else {
            self.other_thread(index);
        }
    }
    void after() {
        static_cast<Scenario&>(*this).check_end();
        check(kernel.eventfd.writes() <= kernel.waits + stops, "one wake-up for each wait");
    }

protected:
    /// Runs the reactor until each of `others` has called this_is_done().
    void run_until_done(int others) {
        while (done.load(::std::memory_order_acquire) < others) {
            check(reactor->run().has_value(), "the run succeeds");
        }
    }
    void this_is_done() {
        done.fetch_add(1, ::std::memory_order_acq_rel);
        stop();
    }
    void stop() {
        ++stops;
        check(endpoint.stop().has_value(), "the stop succeeds");
    }

    Kernel kernel;
    ::std::optional<Reactor> reactor{::std::in_place};
    RemoteEndpoint endpoint{*reactor};
    std::atomic<int> done{0};
    int stops = 0;
};

// --- posts --------------------------------------------------------------------------------------

/// [remote.post] [remote.order] [remote.coalesce]
struct PostsOfTwoThreadsWakeTheReactor : World<PostsOfTwoThreadsWakeTheReactor, 3> {
    void reactors_thread() { check(reactor->run().has_value(), "the run succeeds"); }
    void other_thread(unsigned index) {
        if (index == 1) {
            post(first, 1);
            post(first, 2);
        } else {
            post(second, 1);
        }
    }
    void check_end() const { check(ran == 3, "each closure ran"); }

    void post(Plain<int>& of_thread, int value) {
        auto written = ::std::make_unique<Plain<int>>(value);
        check(endpoint
                  .post([this, &of_thread, value, written = ::std::move(written)] {
                      check(written->get() == value, "the closure is complete");
                      check(of_thread.get() == value - 1, "in the order of the posts");
                      of_thread.set(value);
                      if (++ran == 3) {
                          reactor->stop();
                      }
                  })
                  .has_value(),
              "the post succeeds");
    }

    Plain<int> first{0};
    Plain<int> second{0};
    int ran = 0;
};

/// [remote.stop]
struct WhatWasWrittenBeforeAStopIsSeenAfterTheRun
    : World<WhatWasWrittenBeforeAStopIsSeenAfterTheRun, 2> {
    void reactors_thread() {
        check(reactor->run().has_value(), "the run succeeds");
        check(value.get() == 1, "the value is seen");
    }
    void other_thread(unsigned /*index*/) {
        value.set(1);
        stop();
    }
    void check_end() const {}

    Plain<int> value{0};
};

/// A run that ends once for two requests is followed by one that nothing ends. [remote.stop]
struct OneRunEndsForTwoStopsAndSeesWhatBothThreadsWrote
    : World<OneRunEndsForTwoStopsAndSeesWhatBothThreadsWrote, 3> {
    void reactors_thread() {
        while (written.load(::std::memory_order_relaxed) < 2) {
            check(reactor->run().has_value(), "the run succeeds");
        }
    }
    void other_thread(unsigned /*index*/) {
        written.fetch_add(1, ::std::memory_order_relaxed);
        stop();
    }
    void check_end() const {}

    std::atomic<int> written{0};
};

// --- the end of the reactor ---------------------------------------------------------------------

/// [remote.gone]
struct ClosuresRunOrAreDestroyedWhenTheReactorIs
    : World<ClosuresRunOrAreDestroyedWhenTheReactorIs, 3> {
    void reactors_thread() {
        check(reactor->run_once(::std::chrono::nanoseconds{0}).has_value(), "the turn succeeds");
        reactor.reset();
    }
    void other_thread(unsigned index) {
        const bool first = endpoint.post(Closure{*this, index}).has_value();
        const bool second = endpoint.post(Closure{*this, index}).has_value();
        check(first || !second, "a reactor that was closed stays closed");
        refused += (first ? 0 : 1) + (second ? 0 : 1);
    }
    void check_end() const {
        check(made == 4 && destroyed == 4, "each closure is destroyed");
        check(ran + refused <= 4, "no closure that was refused runs");
        check(!endpoint.stop() && !endpoint.post([] {}), "the reactor was closed");
    }

    /// What it refers to is written by the thread that makes it, and by its destructor.
    class Closure {
    public:
        Closure(ClosuresRunOrAreDestroyedWhenTheReactorIs& world, unsigned index)
            : world_{&world}, value_{::std::make_unique<Plain<unsigned>>(index)} {
            ++world.made;
        }
        Closure(Closure&&) = default;
        Closure(const Closure&) = delete;
        Closure& operator=(const Closure&) = delete;
        ~Closure() {
            if (value_ != nullptr) {
                value_->set(0);
                ++world_->destroyed;
            }
        }
        void operator()() {
            check(value_->get() > 0, "the closure is complete, and runs once");
            ++world_->ran;
        }

    private:
        ClosuresRunOrAreDestroyedWhenTheReactorIs* world_;
        ::std::unique_ptr<Plain<unsigned>> value_;
    };

    int made = 0, ran = 0, refused = 0, destroyed = 0;  // by one thread at a time: no race is real
};

// --- calls --------------------------------------------------------------------------------------

/// [remote.call] [remote.timeout] [remote.async]
struct CallersGetTheirResults : World<CallersGetTheirResults, 3> {
    void reactors_thread() { run_until_done(2); }
    void other_thread(unsigned index) {
        Plain<int> frame{0};
        const auto closure = [&frame, index] {
            frame.set(1);
            return ::std::make_shared<Plain<unsigned>>(index);
        };
        if (index == 1) {
            const auto result = endpoint.call(closure);
            check(result.has_value() && (*result)->get() == index, "the result is complete");
        } else {
            const auto result = endpoint.call(closure, ::std::chrono::seconds{1});
            check(result ? (*result)->get() == index : result.error() == ::std::errc::timed_out,
                  "the result is complete, or there is none");
        }
        frame.set(2);  // a closure that still runs would be a race
        this_is_done();
    }
    void check_end() const {}
};

/// [remote.async] [remote.gone]
struct CallersContinueWhenTheReactorIsDestroyed
    : World<CallersContinueWhenTheReactorIsDestroyed, 3> {
    void reactors_thread() {
        check(reactor->run_once(::std::chrono::nanoseconds{0}).has_value(), "the turn succeeds");
        reactor.reset();
    }
    void other_thread(unsigned index) {
        Plain<int> frame{0};
        const auto closure = [&frame] {
            frame.set(1);
            return ::std::make_shared<Plain<int>>(7);
        };
        auto result = index == 1 ? endpoint.call(closure) : endpoint.call_async(closure).get();
        check(result ? (*result)->get() == 7 : result.error() == ::std::errc::broken_pipe,
              "the result is complete, or the reactor was closed");
        frame.set(2);
    }
    void check_end() const {}
};

// --- coroutines ---------------------------------------------------------------------------------

/// Owns a coroutine that has reached its first suspension.
class Coroutine {
public:
    struct promise_type {
        Coroutine get_return_object() {
            return Coroutine{::std::coroutine_handle<promise_type>::from_promise(*this)};
        }
        static ::std::suspend_never initial_suspend() noexcept { return {}; }
        static ::std::suspend_always final_suspend() noexcept { return {}; }
        static void return_void() noexcept {}
        static void unhandled_exception() noexcept { ::std::abort(); }
    };

    explicit Coroutine(::std::coroutine_handle<> handle) : handle_{handle} {}
    Coroutine(Coroutine&& other) noexcept : handle_{::std::exchange(other.handle_, nullptr)} {}
    Coroutine(const Coroutine&) = delete;
    Coroutine& operator=(const Coroutine&) = delete;
    ~Coroutine() {
        if (handle_) {
            handle_.destroy();
        }
    }

private:
    ::std::coroutine_handle<> handle_;
};

/// [remote.resume]
struct ACoroutineIsResumedOrDestroyed : World<ACoroutineIsResumedOrDestroyed, 2> {
    void reactors_thread() {
        check(reactor->run().has_value(), "the run succeeds");
        reactor.reset();
    }
    void other_thread(unsigned /*index*/) {
        // Destroyed on the reactor's thread, which alone resumes it.
        check(endpoint.post([coroutine = await_call()] {}).has_value(), "the post succeeds");
        stop();
    }
    void check_end() const { check(started == 1 && resumed <= 1, "resumed at most once"); }

    Coroutine await_call() {
        Plain<int> frame{1};
        ++started;
        const auto result = co_await endpoint.call_async([] { return 7; });
        check(result == 7 || result.error() == ::std::errc::broken_pipe, "the result is complete");
        check(frame.get() == 1, "the frame is complete");
        ++resumed;
    }

    int started = 0, resumed = 0;
};

}  // namespace
}  // namespace eventp::relacy

int main(int count, char** arguments) {
    using namespace eventp::relacy;
    Scenarios scenarios{count, arguments};
    EVENTP_SIMULATE(scenarios, PostsOfTwoThreadsWakeTheReactor, 20'000);
    EVENTP_SIMULATE(scenarios, WhatWasWrittenBeforeAStopIsSeenAfterTheRun, 5'000);
    EVENTP_SIMULATE(scenarios, OneRunEndsForTwoStopsAndSeesWhatBothThreadsWrote, 10'000);
    EVENTP_SIMULATE(scenarios, ClosuresRunOrAreDestroyedWhenTheReactorIs, 10'000);
    EVENTP_SIMULATE(scenarios, CallersGetTheirResults, 10'000);
    EVENTP_SIMULATE(scenarios, CallersContinueWhenTheReactorIsDestroyed, 10'000);
    EVENTP_SIMULATE(scenarios, ACoroutineIsResumedOrDestroyed, 10'000);
    return scenarios.result();
}
