// SPDX-License-Identifier: MIT
//
// run() and what ends it.
#include <atomic>
#include <stdexcept>
#include <stop_token>
#include <thread>

#include <gtest/gtest.h>

#include <unistd.h>

#include "support/files.hpp"
#include "support/source.hpp"
#include "support/threads.hpp"

namespace eventp::support {
namespace {

TEST(ReactorRun, TurnsUntilStopAndFinishesTheBatch) {  // [run.stop]
    Reactor reactor;
    const Crowd crowd{reactor, 3, reading_edges, [](std::size_t position, Source&, ReactorOps& by) {
                          if (position == 0) {
                              by.stop();
                          }
                      }};
    crowd.signal_all();

    EXPECT_TRUE(reactor.run());

    EXPECT_EQ(crowd.order.size(), 3U);
    EXPECT_EQ(reactor.stats().turns, 1U);
}

TEST(ReactorRun, ContinuesUntilStop) {  // [run.stop]
    Reactor reactor;
    Source source{reading, [](Source& self, ReactorOps& by) {
                      if (self.calls == 100) {
                          by.stop();
                      }
                  }};
    source.add_to(reactor);
    source.signal();

    EXPECT_TRUE(reactor.run());

    EXPECT_EQ(source.calls, 100);
}

TEST(ReactorStop, BeforeRunEndsItBeforeItWaits) {  // [run.stop]
    Reactor reactor;
    Source source;
    source.add_to(reactor);
    source.signal();
    reactor.stop();
    reactor.stop();  // twice is once

    EXPECT_TRUE(reactor.run());
    EXPECT_EQ(source.calls, 0);

    source.then = [](Source&, ReactorOps& by) { by.stop(); };
    EXPECT_TRUE(reactor.run());
    EXPECT_EQ(source.calls, 1);
}

TEST(ReactorStop, IsConsumedByTheRunThatReturnsBecauseOfIt) {  // [run.stop]
    Reactor reactor;
    Source source{reading, [](Source& self, ReactorOps& by) {
                      if (self.calls % 10 == 0) {
                          by.stop();
                      }
                  }};
    source.add_to(reactor);
    source.signal();

    EXPECT_TRUE(reactor.run());
    EXPECT_EQ(source.calls, 10);
    EXPECT_TRUE(reactor.run());
    EXPECT_EQ(source.calls, 20);
}

TEST(ReactorStop, IsNotConsumedByASingleTurn) {  // [run.stop]
    Reactor reactor;
    Source source;
    source.add_to(reactor);
    source.signal();
    reactor.stop();

    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_TRUE(reactor.run());

    EXPECT_EQ(source.calls, 1);
}

TEST(ReactorStop, EndsRunForAndRunWithATokenToo) {  // [run.stop] [run.token] [run.deadline]
    Reactor reactor;
    Source source{reading, [](Source&, ReactorOps& by) { by.stop(); }};
    source.add_to(reactor);
    source.signal();

    EXPECT_TRUE(reactor.run_for(std::chrono::hours{1}));
    EXPECT_TRUE(reactor.run(std::stop_token{}));

    EXPECT_EQ(source.calls, 2);
}

TEST(ReactorStop, FromADestructorAfterAHandlerEndsTheRun) {  // [run.stop]
    Reactor reactor;
    Source source{reading, [](Source& self, ReactorOps& by) { by.remove(self); }};
    source.on_destroy = [&] { reactor.stop(); };
    source.add_to(reactor);
    source.signal();

    EXPECT_TRUE(reactor.run());

    EXPECT_EQ(source.destroyed, 1);
}

#if defined(__cpp_exceptions)
TEST(ReactorStop, LeavesTheRestOfABatchToTheNextRun) {  // [run.stop] [dispatch.throws]
    Reactor reactor;
    const Crowd crowd{reactor, 3, reading_edges, [](std::size_t position, Source&, ReactorOps&) {
                          if (position == 0) {
                              throw std::runtime_error{"first"};
                          }
                      }};
    crowd.signal_all();
    EXPECT_THROW(static_cast<void>(reactor.run()), std::runtime_error);
    reactor.stop();

    EXPECT_TRUE(reactor.run());
    EXPECT_EQ(crowd.order.size(), 1U);

    EXPECT_EQ(poll(reactor), 2U);
}
#endif

TEST(ReactorRun, WithATokenThatWasStoppedBeforeReturnsBeforeItWaits) {  // [run.token]
    Reactor reactor;
    Source source;
    source.add_to(reactor);
    source.signal();
    std::stop_source stopper;
    stopper.request_stop();

    EXPECT_TRUE(reactor.run(stopper.get_token()));

    EXPECT_EQ(source.calls, 0);
    EXPECT_EQ(poll(reactor), 1U);
}

TEST(ReactorRun, WithATokenEndsWhenAHandlerRequestsIt) {  // [run.token]
    Reactor reactor;
    std::stop_source stopper;
    const Crowd crowd{reactor, 3, reading,
                      [&](std::size_t, Source&, ReactorOps&) { stopper.request_stop(); }};
    crowd.signal_all();

    EXPECT_TRUE(reactor.run(stopper.get_token()));

    EXPECT_EQ(crowd.order.size(), 3U);
}

TEST(ReactorRun, WithATokenIsWokenFromAnotherThread) {  // [run.token]
    Reactor reactor;
    Source source{reading_edges};
    source.add_to(reactor);
    source.signal();
    const OwnedFd begun = make_eventfd();
    std::atomic<pid_t> thread{0};
    source.then = [&](Source&, ReactorOps&) {
        thread.store(::gettid());
        ::eventfd_write(begun.fd(), 1);
    };
    std::jthread runner{[&](const std::stop_token& token) {
        EXPECT_TRUE(reactor.run(token));  // nothing else would ever end the wait
    }};
    EXPECT_TRUE(becomes_readable(begun.fd()));
    wait_until_blocked(thread.load());

    runner.request_stop();
    runner.join();

    EXPECT_EQ(source.calls, 1);
}

TEST(ReactorRun, WithATokenLosesNoRequestAroundTheStartOfAWait) {  // [run.token]
    for (int round = 0; round < 50; ++round) {
        Reactor reactor;
        std::jthread runner{[&](const std::stop_token& token) { EXPECT_TRUE(reactor.run(token)); }};

        runner.request_stop();
    }
}

TEST(ReactorRun, WithATokenLeavesNoRequestToTheNextRun) {  // [run.token] [run.stop]
    Reactor reactor;
    {
        std::stop_source stopper;
        stopper.request_stop();
        EXPECT_TRUE(reactor.run(stopper.get_token()));
    }
    Source source{reading, [](Source&, ReactorOps& by) { by.stop(); }};
    source.add_to(reactor);
    source.signal();

    EXPECT_TRUE(reactor.run());

    EXPECT_EQ(source.calls, 1);
}

TEST(Reactor, MayBeHandedToAnotherThreadBetweenRuns) {  // [run.stop]
    Reactor reactor;
    Source source{reading, [](Source&, ReactorOps& by) { by.stop(); }};
    source.add_to(reactor);
    source.signal();
    EXPECT_TRUE(reactor.run());

    std::thread{[&] {
        EXPECT_TRUE(reactor.run());
        EXPECT_TRUE(reactor.remove(source));
        source.add_to(reactor);
    }}.join();

    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(source.calls, 3);
}

}  // namespace
}  // namespace eventp::support
