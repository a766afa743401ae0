// SPDX-License-Identifier: MIT
//
// Linked with --wrap, so that the waits can be counted.
#include <chrono>
#include <functional>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <sys/epoll.h>

#include <eventp/eventp.hpp>

#include "support/source.hpp"

namespace {

std::vector<int> timeouts;             // of epoll_wait(), in order
std::function<void()> when_it_blocks;  // in epoll_wait()

}  // namespace

extern "C" {
// NOLINTBEGIN(bugprone-reserved-identifier, readability-identifier-naming): names the linker makes.
int __real_epoll_wait(int set, epoll_event* events, int capacity, int timeout);
int __wrap_epoll_wait(int set, epoll_event* events, int capacity, int timeout) {
    timeouts.push_back(timeout);
    if (timeout < 0 && when_it_blocks) {
        when_it_blocks();
    }
    return __real_epoll_wait(set, events, capacity, timeout);
}
// NOLINTEND(bugprone-reserved-identifier, readability-identifier-naming)
}

namespace eventp {
namespace {

using namespace std::chrono_literals;

Reactor::Options spinning(std::chrono::nanoseconds spin) {
    Reactor::Options options;
    options.busy_poll = spin;
    return options;
}

TEST(ReactorSpin, PollsForAsLongAsTheOptionsSayAndThenBlocks) {  // [run.busy_poll]
    Reactor reactor{spinning(200us)};
    support::Source source;
    source.add_to(reactor);
    std::chrono::nanoseconds polled{};
    timeouts.clear();
    when_it_blocks = [&, start = std::chrono::steady_clock::now()] {
        polled = std::chrono::steady_clock::now() - start;
        source.signal();  // what ends the wait comes only now
    };

    EXPECT_EQ(reactor.run_once(), 1U);
    when_it_blocks = nullptr;

    ASSERT_GE(timeouts.size(), 2U);
    EXPECT_EQ(timeouts.back(), -1);
    timeouts.pop_back();
    EXPECT_EQ(timeouts, std::vector<int>(timeouts.size(), 0));
    EXPECT_GE(polled, 200us);
}

TEST(ReactorSpin, DoesNotBlockBeforeTheTimeHasPassed) {  // [run.busy_poll]
    Reactor reactor{spinning(1h)};
    support::Source source;
    source.add_to(reactor);
    timeouts.clear();
    std::jthread later{[&source] { source.signal(); }};

    EXPECT_EQ(reactor.run_once(), 1U);

    for (const int timeout : timeouts) {
        EXPECT_EQ(timeout, 0);
    }
}

TEST(ReactorSpin, FindsAPostedClosureWithoutAWakeUp) {  // [run.busy_poll]
    Reactor reactor{spinning(1h)};
    const RemoteEndpoint endpoint{reactor};
    bool ran = false;
    std::jthread later{[&] { EXPECT_TRUE(endpoint.post([&ran] { ran = true; })); }};

    while (!ran) {
        ASSERT_TRUE(reactor.run_once());
    }

    EXPECT_EQ(reactor.stats().events_reported, 0U);  // the eventfd was not written
}

TEST(ReactorSpin, DoesNotSpinLongerThanTheTimeout) {  // [run.busy_poll]
    Reactor reactor{spinning(1h)};

    EXPECT_EQ(reactor.run_once(1ms), 0U);  // returns at all
}

TEST(ReactorSpin, IsOffByDefault) {  // [run.busy_poll]
    Reactor reactor;
    support::Source source;
    source.add_to(reactor);
    source.signal();
    timeouts.clear();

    EXPECT_EQ(reactor.run_once(), 1U);

    EXPECT_EQ(timeouts, std::vector<int>{-1});
}

TEST(ReactorSpin, RefusesANegativeDuration) {  // [reactor.create]
    EXPECT_EQ(support::error_of(Reactor::create(spinning(-1ns))), std::errc::invalid_argument);
}

}  // namespace
}  // namespace eventp
