// SPDX-License-Identifier: MIT
//
// Broken preconditions of a Reactor end the program with a message that says what to do.
#include <cstdlib>
#include <memory>
#include <thread>
#include <utility>

#include <gtest/gtest.h>

#include "support/files.hpp"
#include "support/source.hpp"
#include "support/user_code.hpp"

namespace eventp::support {
namespace {

class ReactorDeath : public testing::Test {
protected:
    static void SetUpTestSuite() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

constexpr const char* busy =
    "a Reactor is destroyed while one of its handlers, or a destructor of a subscriber, is "
    "running: call stop\\(\\) there";

void destroy_in_its_handler() {
    auto reactor = std::make_unique<Reactor>();
    Source source{reading, [&](Source&, ReactorOps&) { reactor.reset(); }};
    source.add_to(*reactor);
    source.signal();
    static_cast<void>(reactor->run_once());
}

TEST_F(ReactorDeath, IsCausedByDestroyingAReactorInItsHandler) {  // [reactor.destroy]
    EXPECT_DEATH(destroy_in_its_handler(), busy);
}

void destroy_in_a_destructor() {
    auto reactor = std::make_unique<Reactor>();
    Source source;
    source.on_destroy = [&] { reactor.reset(); };
    source.add_to(*reactor);
    reactor->remove(source);
}

TEST_F(ReactorDeath, IsCausedByDestroyingAReactorInASubscribersDestructor) {  // [reactor.destroy]
    EXPECT_DEATH(destroy_in_a_destructor(), busy);
}

void destroy_in_a_closure_that_is_dropped() {
    auto reactor = std::make_unique<Reactor>();
    static_cast<void>(RemoteEndpoint{*reactor}.post(
        UserCode{UserCode::When::destroyed, [&] { reactor.reset(); }}));
    static_cast<void>(reactor->close_and_extract());
}

TEST_F(ReactorDeath, IsCausedByDestroyingAReactorInAClosureThatCloseAndExtractDrops) {
    // [reactor.close_and_extract] [reactor.destroy]
    EXPECT_DEATH(destroy_in_a_closure_that_is_dropped(), busy);
}

void exit_in_a_handler() {
    static Reactor reactor;
    static Source source{reading, [](Source&, ReactorOps&) { std::exit(0); }};
    source.add_to(reactor);
    source.signal();
    static_cast<void>(reactor.run());
}

TEST_F(ReactorDeath, IsCausedByExitInAHandlerOfAStaticReactor) {  // [reactor.destroy]
    EXPECT_DEATH(exit_in_a_handler(), busy);
}

}  // namespace
}  // namespace eventp::support
