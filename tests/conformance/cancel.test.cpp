// SPDX-License-Identifier: MIT
//
// A thread that is cancelled inside a handler, or in a wait, unwinds through the reactor as through
// an exception.
#include <functional>

#include <gtest/gtest.h>

#include <pthread.h>

#include "support/source.hpp"
#include "support/threads.hpp"

#if defined(__cpp_exceptions) && !defined(EVENTP_TEST_ASAN)

namespace eventp::support {
namespace {

/// Runs one turn without a timeout.
std::function<void()> endless_turn(Reactor& reactor) {
    return [&reactor] { static_cast<void>(reactor.run_once()); };
}

TEST(ReactorDispatch, KeepsTheRestOfTheBatchWhenTheThreadIsCancelledInAHandler) {
    // [dispatch.throws]
    Reactor reactor;
    const Crowd crowd{reactor, 4, reading_edges,
                      [](std::size_t position, Source& self, ReactorOps& by) {
                          if (position == 1) {
                              EXPECT_TRUE(by.remove(self.name));
                              ::pthread_cancel(::pthread_self());
                              ::pthread_testcancel();
                          }
                      }};
    crowd.signal_all();

    EXPECT_TRUE(CancellableThread{endless_turn(reactor)}.join());

    EXPECT_EQ(crowd.order.size(), 2U);
    EXPECT_EQ(crowd.order[1]->destroyed, 1);
    EXPECT_EQ(poll(reactor), 2U);
    EXPECT_EQ(reactor.stats().registered, 3U);
    EXPECT_TRUE(reactor.remove(crowd.order[0]->name));
    EXPECT_EQ(crowd.order[0]->destroyed, 1);
}

TEST(ReactorDispatch, StaysUsableWhenTheThreadIsCancelledWhileItWaits) {  // [dispatch.throws]
    Reactor reactor;
    Source source;
    source.add_to(reactor);
    const CancellableThread turn{endless_turn(reactor)};
    turn.wait_until_blocked();

    turn.cancel();
    EXPECT_TRUE(turn.join());

    source.signal();
    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_TRUE(reactor.remove(source));
    EXPECT_EQ(source.destroyed, 1);
}

TEST(ReactorDispatch, IsReachedByPostsWhenTheThreadIsCancelledWhileItWaits) {
    // [dispatch.throws] [remote.post]
    Reactor reactor;
    const RemoteEndpoint endpoint{reactor};
    const CancellableThread turn{endless_turn(reactor)};
    turn.wait_until_blocked();

    turn.cancel();
    EXPECT_TRUE(turn.join());

    bool ran = false;
    EXPECT_TRUE(endpoint.post([&](ReactorOps& by) {
        ran = true;
        by.stop();
    }));
    EXPECT_TRUE(reactor.run());
    EXPECT_TRUE(ran);
}

}  // namespace
}  // namespace eventp::support

#endif
