// SPDX-License-Identifier: MIT
//
// A thread that is cancelled inside a handler unwinds through the reactor as through an exception.
#include <gtest/gtest.h>

#include <pthread.h>

#include "support/source.hpp"

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

/// Runs one turn in a thread of its own; true when that thread was cancelled in it.
bool turn_is_cancelled(Reactor& reactor) {
    pthread_t thread{};
    const auto run = [](void* argument) -> void* {
        static_cast<void>(static_cast<Reactor*>(argument)->run_once());
        return argument;
    };
    EXPECT_EQ(::pthread_create(&thread, nullptr, run, &reactor), 0);
    void* result = nullptr;
    EXPECT_EQ(::pthread_join(thread, &result), 0);
    return result == PTHREAD_CANCELED;
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

    EXPECT_TRUE(turn_is_cancelled(reactor));

    EXPECT_EQ(crowd.order.size(), 2U);
    EXPECT_EQ(crowd.order[1]->destroyed, 1);
    EXPECT_EQ(poll(reactor), 2U);
    EXPECT_EQ(reactor.stats().registered, 3U);
    EXPECT_TRUE(reactor.remove(crowd.order[0]->name));
    EXPECT_EQ(crowd.order[0]->destroyed, 1);
}

}  // namespace
}  // namespace eventp::support

#endif
