// SPDX-License-Identifier: MIT
//
// Many messages from many threads: a race shows in a thread sanitizer build, a lost wake-up in any.
// EVENTP_STRESS_MESSAGES sets how many in each test; `make check` runs 10 million under the
// sanitizer.
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <eventp/eventp.hpp>

#include "support/reactor_thread.hpp"
#include "support/source.hpp"

namespace eventp {
namespace {

using namespace std::chrono_literals;

long messages() {
    const char* wanted = std::getenv("EVENTP_STRESS_MESSAGES");
    return wanted == nullptr ? 1'000'000 : std::stol(wanted);
}

class RemoteStress : public ::testing::TestWithParam<int> {};

TEST_P(RemoteStress, LosesNoMessageAndNoWakeUp) {  // [remote.post] [remote.order] [remote.coalesce]
    const int producers = GetParam();
    const long each = messages() / producers;
    Reactor reactor;
    const RemoteEndpoint endpoint{reactor};
    std::vector<long> last(static_cast<std::size_t>(producers), -1);
    long got = 0;
    bool in_order = true;

    std::vector<std::jthread> threads;
    for (int p = 0; p < producers; ++p) {
        threads.emplace_back([&, p, endpoint] {
            for (long i = 0; i < each; ++i) {
                const auto posted = endpoint.post([&, p, i] {
                    long& before = last[static_cast<std::size_t>(p)];
                    in_order = in_order && before == i - 1;
                    before = i;
                    ++got;
                });
                ASSERT_TRUE(posted);
                if (i % 4096 == 0) {
                    std::this_thread::yield();  // the reactor falls asleep now and then
                }
            }
        });
    }
    // A wait of a second while messages are due is a lost wake-up.
    while (got < each * producers) {
        const long before = got;
        const auto start = std::chrono::steady_clock::now();
        const auto turned = reactor.run_once(1s);
        ASSERT_TRUE(turned || turned.error() == std::errc::interrupted);
        if (std::chrono::steady_clock::now() - start >= 1s && got == before) {
            support::poll(reactor);
            ASSERT_EQ(got, before) << "a message was there, and nobody was woken";
        }
    }

    EXPECT_TRUE(in_order);
}

INSTANTIATE_TEST_SUITE_P(Producers, RemoteStress, ::testing::Values(1, 2, 4, 8),
                         [](const auto& producers) { return std::to_string(producers.param); });

TEST(RemoteStressEnd, PostsDuringShutdownAreRunOrRefusedNeverLost) {  // [remote.gone]
    for (int round = 0; round < 20; ++round) {
        std::atomic<long> alive{0};
        std::atomic<long> accepted{0};
        long ran = 0;
        struct Counted {
            std::atomic<long>* alive;
            long* ran;
            Counted(std::atomic<long>* a, long* r) : alive{a}, ran{r} { ++*alive; }
            Counted(Counted&& other) noexcept : alive{other.alive}, ran{other.ran} { ++*alive; }
            ~Counted() { --*alive; }
            void operator()() const { ++*ran; }
        };
        {
            std::optional<Reactor> reactor{std::in_place};
            const RemoteEndpoint endpoint{*reactor};
            std::vector<std::jthread> producers;
            for (int p = 0; p < 4; ++p) {
                producers.emplace_back([&, endpoint] {
                    while (endpoint.post(Counted{&alive, &ran})) {
                        ++accepted;
                        // From the loop's thread and others alike, while it is being destroyed.
                        static_cast<void>(endpoint.call_async(
                            [endpoint] { static_cast<void>(endpoint.post([] {})); }));
                    }
                });
            }
            for (int turn = 0; turn < 5; ++turn) {
                ASSERT_TRUE(reactor->run_once(1ms));
            }
            reactor.reset();
        }
        EXPECT_EQ(alive, 0);  // run or dropped, each closure was destroyed once
        EXPECT_LE(ran, accepted);
    }
}

TEST(RemoteStressCall, AnswersEveryCallOfManyThreads) {  // [remote.call] [remote.timeout]
    const long each = messages() / 1000 / 8;
    support::ReactorThread running;
    std::vector<std::jthread> callers;
    for (int c = 0; c < 8; ++c) {
        callers.emplace_back([&running, each] {
            for (long i = 0; i < each; ++i) {
                EXPECT_EQ(running.endpoint().call([i] { return i; }), i);
                const auto timed = running.endpoint().call([i] { return i; }, 10us);
                EXPECT_TRUE(timed == i || support::error_of(timed) == std::errc::timed_out);
            }
        });
    }
}

}  // namespace
}  // namespace eventp
