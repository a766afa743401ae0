// SPDX-License-Identifier: MIT
//
// fd(): a reactor in another loop, which must not sleep while the reactor has something to do.
#include <chrono>
#include <optional>
#include <stdexcept>
#include <thread>

#include <gtest/gtest.h>

#include "support/files.hpp"
#include "support/kernel_set.hpp"
#include "support/signals.hpp"
#include "support/source.hpp"

namespace eventp::support {
namespace {

int embedded(Reactor& reactor) {
    return reactor.fd().value_or(BorrowedFd{}).fd();
}

/// Runs the reactor while poll(2) reports it as readable; fails the test if that does not end.
std::size_t run_while_readable(Reactor& reactor) {
    std::size_t ran = 0;
    for (int turn = 0; turn < 100; ++turn) {
        if (!is_readable(embedded(reactor))) {
            return ran;
        }
        ran += poll(reactor);
    }
    ADD_FAILURE() << "the descriptor stays readable";
    return ran;
}

TEST(ReactorFd, IsReadableWhenSomethingIsReadyAndNotBefore) {  // [reactor.fd]
    Reactor reactor;
    Source source{reading, [](Source& self, ReactorOps&) { self.drain(); }};
    const int fd = embedded(reactor);
    static_cast<void>(run_while_readable(reactor));

    source.add_to(reactor);
    EXPECT_FALSE(is_readable(fd));
    source.signal();
    EXPECT_TRUE(is_readable(fd));

    EXPECT_EQ(run_while_readable(reactor), 1U);
    EXPECT_FALSE(is_readable(fd));
}

TEST(ReactorFd, StaysTheSame) {  // [reactor.fd]
    Reactor reactor;
    const int fd = embedded(reactor);
    Source source;
    source.add_to(reactor);
    source.signal();
    EXPECT_EQ(poll(reactor), 1U);

    EXPECT_EQ(embedded(reactor), fd);
    EXPECT_TRUE(is_open(fd));
}

TEST(ReactorFd, MadeAfterSomethingBecameReadyIsReadable) {  // [reactor.fd]
    Reactor reactor;
    Source source{reading_edges};
    source.add_to(reactor);
    source.signal();

    EXPECT_TRUE(is_readable(embedded(reactor)));
}

TEST(ReactorFd, WakesAnOuterReactor) {  // [reactor.fd]
    Reactor outer;
    Reactor inner;
    Source source{reading_edges, [&](Source&, ReactorOps&) { outer.stop(); }};
    source.add_to(inner);
    ASSERT_TRUE(interest()
                    .read()
                    .with_fd(BorrowedFd{embedded(inner)})
                    .with_handler([&] { static_cast<void>(poll(inner)); })
                    .register_into(outer));
    std::thread signaller{[&] { source.signal(); }};

    EXPECT_TRUE(outer.run());

    signaller.join();
    EXPECT_EQ(source.calls, 1);
}

TEST(ReactorFd, StaysReadableWhileAnEventIsRequeued) {  // [reactor.fd] [requeue]
    Reactor reactor;
    Source source{reading_edges, [](Source& self, ReactorOps& by) {
                      if (self.calls < 5) {
                          EXPECT_TRUE(by.requeue(self));
                      }
                  }};
    static_cast<void>(embedded(reactor));
    source.add_to(reactor);
    source.signal();

    EXPECT_EQ(run_while_readable(reactor), 5U);
}

#if defined(__cpp_exceptions)
TEST(ReactorFd, StaysReadableWhileTheRestOfABatchIsPending) {  // [reactor.fd] [dispatch.throws]
    for (const bool made_before : {true, false}) {
        Reactor reactor;
        if (made_before) {
            static_cast<void>(embedded(reactor));
        }
        const Crowd crowd{reactor, 3, reading_edges,
                          [](std::size_t position, Source&, ReactorOps&) {
                              if (position == 0) {
                                  throw std::runtime_error{"first"};
                              }
                          }};
        crowd.signal_all();
        EXPECT_THROW(static_cast<void>(poll(reactor)), std::runtime_error);

        EXPECT_TRUE(is_readable(embedded(reactor)));

        EXPECT_EQ(run_while_readable(reactor), 2U);
    }
}
#endif

TEST(ReactorFd,
     IsReadableForAPostAfterATurnThatASignalInterrupted) {  // [reactor.fd] [remote.coalesce]
    Reactor reactor;
    const RemoteEndpoint endpoint{reactor};
    const int fd = embedded(reactor);
    static_cast<void>(run_while_readable(reactor));
    std::optional<SignalStorm> storm{std::in_place};
    EXPECT_EQ(error_of(reactor.run_once(std::chrono::hours{1})), std::errc::interrupted);
    storm.reset();
    ASSERT_FALSE(is_readable(fd));
    bool ran = false;

    std::thread{[&] { EXPECT_TRUE(endpoint.post([&ran] { ran = true; })); }}.join();

    EXPECT_TRUE(is_readable(fd));
    static_cast<void>(poll(reactor));
    EXPECT_TRUE(ran);
}

TEST(ReactorFd, StaysReadableThroughARebuild) {  // [reactor.fd]
    Reactor reactor;
    const int fd = embedded(reactor);
    Source source{reading, [](Source& self, ReactorOps&) { self.drain(); }};
    source.add_to(reactor);
    source.signal();

    rebuild_now(reactor);

    EXPECT_TRUE(is_readable(fd));
    EXPECT_EQ(run_while_readable(reactor), 1U);
    source.signal();
    EXPECT_TRUE(is_readable(fd));
    EXPECT_EQ(run_while_readable(reactor), 1U);
}

TEST(ReactorFd, WakesAnOuterReactorAfterARebuildToo) {  // [reactor.fd]
    Reactor outer;
    Reactor inner;
    Source source{reading_edges, [&](Source&, ReactorOps&) { outer.stop(); }};
    source.add_to(inner);
    ASSERT_TRUE(interest()
                    .edge_triggered()
                    .read()
                    .with_fd(BorrowedFd{embedded(inner)})
                    .with_handler([&] { static_cast<void>(poll(inner)); })
                    .register_into(outer));
    static_cast<void>(poll(outer));
    rebuild_now(inner);
    static_cast<void>(poll(outer));
    ASSERT_EQ(source.calls, 0);
    std::thread signaller{[&] { source.signal(); }};

    EXPECT_TRUE(outer.run());

    signaller.join();
    EXPECT_EQ(source.calls, 1);
}

TEST(ReactorRebuild, LeavesAFiredOneShotSubscriberDisarmed) {  // [modify.pending] [reactor.fd]
    Reactor reactor;
    Source source{reading_once};
    source.add_to(reactor);
    source.signal();
    EXPECT_EQ(poll(reactor), 1U);
    Pipe pipe;
    Source hung{pipe.read.fd(), reading_once};
    hung.add_to(reactor);
    ASSERT_EQ(::write(pipe.write.fd(), "x", 1), 1);
    EXPECT_EQ(poll(reactor), 1U);
    pipe.write.reset();

    rebuild_now(reactor);

    EXPECT_EQ(poll(reactor), 0U);
    EXPECT_EQ(poll(reactor), 0U);
    EXPECT_EQ(hung.calls, 1);
    EXPECT_LE(reactor.stats().events_dropped,
              1U);  // the hang-up, which is reported even for a disarmed entry
    EXPECT_TRUE(reactor.modify(source, reading_once));
    EXPECT_TRUE(reactor.modify(hung, reading_once));
    EXPECT_EQ(poll(reactor), 2U);
}

}  // namespace
}  // namespace eventp::support
