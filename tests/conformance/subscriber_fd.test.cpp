// SPDX-License-Identifier: MIT
//
// fd() of a subscriber, which add() and resuming call, may not use the reactor.
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include "support/kernel_set.hpp"
#include "support/source.hpp"

namespace eventp::support {
namespace {

struct Use {
    const char* name;
    /// Uses the reactor, in which `id` is registered. True if that was refused.
    bool (*is_refused)(Reactor& reactor, RegistrationId id);
};

constexpr auto busy = std::errc::device_or_resource_busy;

const Use uses[] = {
    {"add",
     [](Reactor& reactor, RegistrationId) {
         Source other;
         AnySubscriber subscriber = other.make();
         return error_of(reactor.add(subscriber)) == busy && subscriber;
     }},
    {"modify",
     [](Reactor& reactor, RegistrationId id) {
         return error_of(reactor.modify(id, nothing)) == busy &&
                error_of(reactor.modify(id, reading)) == busy;
     }},
    {"remove", [](Reactor& reactor, RegistrationId id) { return !reactor.remove(id); }},
    {"remove_now", [](Reactor& reactor, RegistrationId id) { return !reactor.remove_now(id); }},
    {"destroy_removed",
     [](Reactor& reactor, RegistrationId) {
         reactor.destroy_removed();
         return true;
     }},
    {"extract", [](Reactor& reactor, RegistrationId id) { return !reactor.extract(id); }},
    {"contains", [](Reactor& reactor, RegistrationId id) { return !reactor.contains(id); }},
    {"interest_of",
     [](Reactor& reactor, RegistrationId id) { return reactor.interest_of(id).is_empty(); }},
    {"size", [](Reactor& reactor, RegistrationId) { return reactor.size() == 0; }},
    {"requeue", [](Reactor& reactor, RegistrationId id) { return !reactor.requeue(id); }},
    {"feed_event",
     [](Reactor& reactor, RegistrationId id) { return !reactor.feed_event(id, Event{EPOLLIN}); }},
    {"find",
     [](Reactor& reactor, RegistrationId id) { return reactor.find<Source::Tap>(id) == nullptr; }},
    {"run_once",
     [](Reactor& reactor, RegistrationId) {
         return error_of(reactor.run_once()) == busy &&
                error_of(reactor.run_once(std::chrono::seconds{0})) == busy;
     }},
    {"run",
     [](Reactor& reactor, RegistrationId) {
         return error_of(reactor.run()) == busy &&
                error_of(reactor.run(std::stop_token{})) == busy &&
                error_of(reactor.run_for(std::chrono::seconds{0})) == busy;
     }},
    {"close_and_extract",
     [](Reactor& reactor, RegistrationId) {
         return error_of(reactor.close_and_extract()) == busy;
     }},
    {"fd", [](Reactor& reactor, RegistrationId) { return error_of(reactor.fd()) == busy; }},
};

class SubscriberFd : public testing::TestWithParam<Use> {
protected:
    SubscriberFd() {
        other.add_to(reactor);
        source.on_fd = [this] {
            ++asked;
            EXPECT_TRUE(GetParam().is_refused(reactor, other.name));
        };
    }
    ~SubscriberFd() override {
        source.on_fd = {};
        EXPECT_EQ(asked, 1);
        EXPECT_EQ(other.destroyed, 0);
        other.signal();
        EXPECT_EQ(poll(reactor), 1U);
        EXPECT_EQ(reactor.stats().registered, 2U);
    }

    Source other;
    Source source;
    int asked = 0;
    Reactor reactor;
};
INSTANTIATE_TEST_SUITE_P(Use, SubscriberFd, testing::ValuesIn(uses),
                         [](const auto& tested) { return std::string{tested.param.name}; });

TEST_P(SubscriberFd, MayNotUseTheReactorThatAddsIt) {  // [subscriber.fd]
    source.add_to(reactor);
}

TEST_P(SubscriberFd, MayNotUseTheReactorThatAddsItInAHandler) {  // [subscriber.fd]
    Source handler{reading_once, [this](Source& self, ReactorOps& by) {
                       source.add_to(by);
                       EXPECT_TRUE(by.remove(self.name));
                   }};
    handler.add_to(reactor);
    handler.signal();

    EXPECT_EQ(poll(reactor), 1U);
}

TEST_P(SubscriberFd, MayNotUseTheReactorThatResumesIt) {  // [subscriber.fd] [modify.paused]
    const auto use = std::exchange(source.on_fd, nullptr);
    const RegistrationId id = source.add_to(reactor);
    EXPECT_TRUE(reactor.modify(id, nothing));
    source.on_fd = use;

    EXPECT_TRUE(reactor.modify(id, reading));
}

#if defined(__cpp_exceptions)
TEST_P(SubscriberFd, ThatThrowsLeavesTheReactorUsable) {  // [subscriber.fd] [add.strong]
    const auto use = std::exchange(source.on_fd, [] { throw std::runtime_error{"fd()"}; });
    AnySubscriber subscriber = source.make();
    EXPECT_THROW(static_cast<void>(reactor.add(subscriber)), std::runtime_error);
    EXPECT_TRUE(subscriber);
    EXPECT_EQ(entries_held(), 1U);

    source.on_fd = use;
    EXPECT_TRUE(reactor.add(subscriber));
}
#endif

TEST(SubscriberFdMoves, ItsSubscriberAwayAndAddRefusesIt) {  // [subscriber.fd]
    Reactor reactor;
    Source source;
    AnySubscriber subscriber = source.make();
    AnySubscriber moved;
    source.on_fd = [&] { moved = std::move(subscriber); };

    EXPECT_EQ(error_of(reactor.add(subscriber)), std::errc::invalid_argument);

    EXPECT_TRUE(moved);
    EXPECT_EQ(entries_held(), 0U);
}

}  // namespace
}  // namespace eventp::support
