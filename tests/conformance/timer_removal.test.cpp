// SPDX-License-Identifier: MIT
//
// The handler of a timer removes subscribers: each is destroyed before the next handler runs.
#include <chrono>
#include <functional>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

#include <eventp/eventp.hpp>

#include "support/files.hpp"
#include "support/source.hpp"

namespace eventp::support {
namespace {

using namespace std::chrono_literals;

struct TimerRemoval : testing::Test {
    Reactor reactor;
    std::optional<Timers> timers{Timers::create(reactor).value()};
    std::vector<int> destroyed;

    void at_once(std::function<void(ReactorOps&)> handler) {
        ASSERT_TRUE(timers->after(0ns, std::move(handler)));
    }
};

TEST_F(TimerRemoval, DestroysWhenTheHandlerThatRemovedHasReturned) {  // [remove.callback]
    Source source;
    source.add_to(reactor);
    at_once([&](ReactorOps& ops) {
        EXPECT_TRUE(ops.remove(source.name));
        destroyed.push_back(source.destroyed);
    });
    for (int i = 0; i < 2; ++i) {
        at_once([&](ReactorOps&) { destroyed.push_back(source.destroyed); });
    }

    EXPECT_EQ(poll(reactor), 1U);

    EXPECT_EQ(destroyed, (std::vector{0, 1, 1}));
}

TEST_F(TimerRemoval, DestroysInTheTurnInWhichTheLastHandlerRemoved) {  // [remove.callback]
    Source source;
    source.add_to(reactor);
    at_once([&](ReactorOps& ops) { EXPECT_TRUE(ops.remove(source.name)); });

    poll(reactor);

    EXPECT_EQ(source.destroyed, 1);
}

TEST_F(TimerRemoval, LetsTheRestOfTheBatchRun) {  // [remove.callback]
    std::vector<int> ran;
    at_once([&](ReactorOps& ops) { EXPECT_FALSE(ops.remove(RegistrationId{})); });
    Source removed;
    removed.add_to(reactor);
    Source ready{reading, [&](Source&, ReactorOps&) { ran.push_back(1); }};
    ready.add_to(reactor);
    ready.signal();
    at_once([&](ReactorOps& ops) { EXPECT_TRUE(ops.remove(removed.name)); });

    EXPECT_EQ(poll(reactor), 2U);

    EXPECT_EQ(ran, std::vector{1});
    EXPECT_EQ(removed.destroyed, 1);
}

TEST_F(TimerRemoval, MayDestroyTheTimersInADestructor) {  // [remove.callback] [timer.lifetime]
    Source source;
    source.on_destroy = [&] { timers.reset(); };
    source.add_to(reactor);
    bool ran = false;
    at_once([&](ReactorOps& ops) { EXPECT_TRUE(ops.remove(source.name)); });
    at_once([&](ReactorOps&) { ran = true; });

    poll(reactor);

    EXPECT_EQ(source.destroyed, 1);
    EXPECT_FALSE(ran);
    EXPECT_EQ(reactor.stats().registered, 0U);
}

#if defined(__cpp_exceptions)
TEST_F(TimerRemoval, DestroysBeforeTheExceptionOfTheHandlerArrives) {  // [remove.callback]
    Source source;
    source.add_to(reactor);
    at_once([&](ReactorOps& ops) {
        EXPECT_TRUE(ops.remove(source.name));
        throw 1;
    });

    EXPECT_THROW(poll(reactor), int);

    EXPECT_EQ(source.destroyed, 1);
}
#endif

}  // namespace
}  // namespace eventp::support
