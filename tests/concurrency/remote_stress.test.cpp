// SPDX-License-Identifier: MIT
//
// Many messages from many threads: a race shows in a thread sanitizer build, a lost wake-up in any.
// EVENTP_STRESS_MESSAGES sets how many in each test; `make check` runs 10 million under the
// sanitizer, and 2 million in an optimised build.
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <sched.h>

#include <eventp/eventp.hpp>

#include "support/source.hpp"
#include "support/threads.hpp"

namespace eventp {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

/// Microseconds are enough for whatever is waited for here.
constexpr auto too_long = 1s;

long messages() {
    const char* wanted = std::getenv("EVENTP_STRESS_MESSAGES");
    return wanted == nullptr ? 200'000 : std::stol(wanted);
}

/// How often the loop falls asleep alone with a producer: once for so many messages. A memory order
/// that is too weak loses a wake-up in an optimised build only, in some hundred sleeps: without
/// optimisation, GCC makes every atomic store sequentially consistent. The thread sanitizer looks
/// for races, and needs fewer.
#if defined(__SANITIZE_THREAD__)
constexpr long messages_per_sleep = 100;
#else
constexpr long messages_per_sleep = 10;
#endif

/// A turn of a reactor to which messages are due. One that waits till its timeout has slept over
/// them.
void turn_in_time(Reactor& reactor) {
    const auto start = steady_clock::now();
    const auto turned = reactor.run_once(too_long);
    ASSERT_TRUE(turned || turned.error() == std::errc::interrupted);
    ASSERT_LT(steady_clock::now() - start, too_long)
        << "a message was due, and the reactor was not woken";
}

// --- posts --------------------------------------------------------------------------------------

/// What the loop has seen of producers that number their messages.
class Seen {
public:
    explicit Seen(int producers) : next_(static_cast<std::size_t>(producers), 0) {}

    void message(int producer, long number) {
        long& next = next_[static_cast<std::size_t>(producer)];
        in_order_ = in_order_ && number == next;
        ++next;
        ++count_;
    }
    [[nodiscard]] long count() const { return count_; }
    [[nodiscard]] bool in_order() const { return in_order_; }

private:
    std::vector<long> next_;
    long count_ = 0;
    bool in_order_ = true;
};

class RemoteStress : public ::testing::TestWithParam<int> {};

TEST_P(RemoteStress, LosesNoMessageAndNoWakeUp) {  // [remote.post] [remote.order]
    const int producers = GetParam();
    const long each = messages() / producers;
    constexpr long period = 64;  // of the messages for which the loop posts one of its own
    const long own = (each + period - 1) / period * producers;
    Reactor reactor;
    const RemoteEndpoint endpoint{reactor};
    Seen seen{producers + 1};  // the loop is the last one
    long posted_by_loop = 0;

    std::vector<std::jthread> threads;
    for (int p = 0; p < producers; ++p) {
        threads.emplace_back([&, p] {
            for (long i = 0; i < each; ++i) {
                const auto posted = endpoint.post([&, p, i] {
                    seen.message(p, i);
                    if (i % period == 0) {
                        EXPECT_TRUE(endpoint.post([&seen, producers, number = posted_by_loop++] {
                            seen.message(producers, number);
                        }));
                    }
                });
                ASSERT_TRUE(posted);
                if (i % 4096 == 0) {
                    std::this_thread::yield();  // the reactor falls asleep now and then
                }
            }
        });
    }
    while (seen.count() < each * producers + own && !HasFatalFailure()) {
        turn_in_time(reactor);
    }

    EXPECT_TRUE(seen.in_order());
    EXPECT_EQ(posted_by_loop, own);
}

INSTANTIATE_TEST_SUITE_P(Producers, RemoteStress, ::testing::Values(1, 2, 4, 8),
                         [](const auto& producers) { return std::to_string(producers.param); });

/// Keeps this thread on one of the processors that it may use. Left alone, a thread that is woken
/// tends to run where its waker does, and two threads on one processor do not race.
class Pinned {
public:
    explicit Pinned(int nth) {
        sched_getaffinity(0, sizeof before_, &before_);
        for (std::size_t cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
            if (CPU_ISSET(cpu, &before_) && nth-- == 0) {
                cpu_set_t only{};
                CPU_SET(cpu, &only);
                sched_setaffinity(0, sizeof only, &only);
                return;
            }
        }
    }
    Pinned(const Pinned&) = delete;
    Pinned& operator=(const Pinned&) = delete;
    ~Pinned() { sched_setaffinity(0, sizeof before_, &before_); }

private:
    cpu_set_t before_{};
};

TEST(RemoteStressSleep,
     EndsWithEachPostIfNothingElseWakesTheReactor) {  // [remote.post] [remote.coalesce]
    const long rounds = messages() / messages_per_sleep;
    Reactor reactor;
    const RemoteEndpoint endpoint{reactor};
    std::atomic<long> ran{0};
    // The next post comes when this one has run: nothing else wakes a loop that it did not wake.
    const std::jthread producer{[&](const std::stop_token& stop) {
        const Pinned there{1};
        unsigned random = 1;
        for (long i = 1; i <= rounds && !stop.stop_requested(); ++i) {
            ASSERT_TRUE(endpoint.post([&ran, i] { ran = i; }));
            for (long looks = 1; ran != i && !stop.stop_requested(); ++looks) {
                if (looks % 1024 == 0) {
                    std::this_thread::yield();  // there may be one processor only
                }
            }
            // The loop is about to fall asleep: a post meets it at any of its next instructions.
            random = random * 1664525U + 1013904223U;
            volatile unsigned steps = random >> 22U;
            while (steps > 0) {
                steps = steps - 1;
            }
        }
    }};
    const Pinned here{0};  // after the thread, which would inherit it

    while (ran < rounds && !::testing::Test::HasFatalFailure()) {
        turn_in_time(reactor);
    }
}

// --- the end of the reactor ---------------------------------------------------------------------

/// How many closures of one producer ran, were dropped or were refused.
struct Fates {
    long posted = 0;
    long ran = 0;
    std::atomic<long> destroyed_unrun{0};  // by the loop's thread, or a refusing post()
};

/// A closure that records whether it ran or was dropped.
class Told {
public:
    explicit Told(Fates& fates) : fates_{&fates} { ++fates.posted; }
    Told(Told&& other) noexcept
        : fates_{std::exchange(other.fates_, nullptr)}, has_run_{other.has_run_} {}
    Told(const Told&) = delete;
    Told& operator=(const Told&) = delete;
    ~Told() {
        if (fates_ != nullptr && !has_run_) {
            ++fates_->destroyed_unrun;
        }
    }
    void operator()() {
        has_run_ = true;
        ++fates_->ran;
    }

private:
    Fates* fates_;
    bool has_run_ = false;
};

TEST(RemoteStressEnd, EveryPostDuringShutdownRunsOrIsRefused) {  // [remote.gone]
    for (int round = 0; round < 20; ++round) {
        std::array<Fates, 4> fates;
        Fates of_loop;
        std::optional<Reactor> reactor{std::in_place};
        const RemoteEndpoint endpoint{*reactor};
        std::vector<std::jthread> producers;
        for (Fates& own : fates) {
            producers.emplace_back([&, endpoint] {
                while (endpoint.post(Told{own})) {
                    // From the loop's thread and others alike, while it is being destroyed.
                    static_cast<void>(endpoint.call_async(
                        [&, endpoint] { EXPECT_TRUE(endpoint.post(Told{of_loop})); }));
                }
            });
        }
        for (int turn = 0; turn < 5; ++turn) {
            ASSERT_TRUE(reactor->run_once(1ms));
        }

        reactor.reset();
        producers.clear();

        for (const Fates& own : fates) {
            EXPECT_EQ(own.ran + own.destroyed_unrun, own.posted);
            EXPECT_LT(own.ran, own.posted);  // the last one was refused
        }
        EXPECT_EQ(of_loop.ran + of_loop.destroyed_unrun, of_loop.posted);
    }
}

// --- calls --------------------------------------------------------------------------------------

/// Counts what threads have done.
class Progress {
public:
    void step() {
        const std::lock_guard lock{mutex_};
        ++done_;
        changed_.notify_one();
    }
    /// Waits until so much is done; false when nothing happens for too long.
    [[nodiscard]] bool reaches(long wanted) {
        std::unique_lock lock{mutex_};
        while (done_ < wanted) {
            const long before = done_;
            if (!changed_.wait_for(lock, too_long, [&] { return done_ != before; })) {
                return false;
            }
        }
        return true;
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    long done_ = 0;
};

TEST(RemoteStressCall, ReturnsFromEveryCallOfManyThreads) {  // [remote.call] [remote.timeout]
    constexpr int callers = 8;
    const long each = messages() / 200 / callers;
    support::ReactorThread running;
    Progress answers;
    std::vector<std::jthread> threads;
    for (int c = 0; c < callers; ++c) {
        threads.emplace_back([&, each] {
            for (long i = 0; i < each; ++i) {
                ASSERT_EQ(running.endpoint().call([i] { return i; }), i);
                const auto timed = running.endpoint().call([i] { return i; }, 10us);
                ASSERT_TRUE(timed == i || support::error_of(timed) == std::errc::timed_out);
                answers.step();
            }
        });
    }

    EXPECT_TRUE(answers.reaches(each * callers)) << "a caller waits, and was not woken";
    running.stop_and_destroy();  // fails the calls that still wait
}

}  // namespace
}  // namespace eventp
