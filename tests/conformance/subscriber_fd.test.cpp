// SPDX-License-Identifier: MIT
//
// fd() of a subscriber, which add() and resuming call, may not use the reactor.
#include <functional>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include "support/files.hpp"
#include "support/kernel_set.hpp"
#include "support/source.hpp"

namespace eventp::support {
namespace {

/// A subscriber whose fd() does something first.
struct Asked {
    int number;
    std::function<void()>* first;

    [[nodiscard]] int fd() const {
        if (*first) {
            (*first)();
        }
        return number;
    }
    [[nodiscard]] Interest interest() const { return reading; }
    void handle() {}
};

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
    {"requeue", [](Reactor& reactor, RegistrationId id) { return !reactor.requeue(id); }},
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
        first = [this] {
            ++asked;
            EXPECT_TRUE(GetParam().is_refused(reactor, other.name));
        };
    }
    ~SubscriberFd() override {
        first = {};
        EXPECT_EQ(asked, 1);
        EXPECT_EQ(other.destroyed, 0);
        other.signal();
        EXPECT_EQ(poll(reactor), 1U);
        EXPECT_EQ(reactor.stats().registered, 2U);
    }

    Source other;
    OwnedFd file = make_eventfd();
    std::function<void()> first;
    int asked = 0;
    Reactor reactor;
};
INSTANTIATE_TEST_SUITE_P(Use, SubscriberFd, testing::ValuesIn(uses),
                         [](const auto& tested) { return std::string{tested.param.name}; });

TEST_P(SubscriberFd, MayNotUseTheReactorThatAddsIt) {  // [subscriber.fd]
    AnySubscriber subscriber{Asked{file.fd(), &first}};

    EXPECT_TRUE(reactor.add(subscriber));
}

TEST_P(SubscriberFd, MayNotUseTheReactorThatAddsItInAHandler) {  // [subscriber.fd]
    Source handler{reading_once, [this](Source& self, ReactorOps& by) {
                       AnySubscriber subscriber{Asked{file.fd(), &first}};
                       EXPECT_TRUE(by.add(subscriber));
                       EXPECT_TRUE(by.remove(self.name));
                   }};
    handler.add_to(reactor);
    handler.signal();

    EXPECT_EQ(poll(reactor), 1U);
}

TEST_P(SubscriberFd, MayNotUseTheReactorThatResumesIt) {  // [subscriber.fd] [modify.paused]
    const auto action = std::exchange(first, nullptr);
    AnySubscriber subscriber{Asked{file.fd(), &first}};
    const RegistrationId id = reactor.add(subscriber).value();
    EXPECT_TRUE(reactor.modify(id, nothing));
    first = action;

    EXPECT_TRUE(reactor.modify(id, reading));
}

#if defined(__cpp_exceptions)
TEST_P(SubscriberFd, ThatThrowsLeavesTheReactorUsable) {  // [subscriber.fd] [add.strong]
    const auto refused = std::exchange(first, [] { throw std::runtime_error{"fd()"}; });
    AnySubscriber subscriber{Asked{file.fd(), &first}};
    EXPECT_THROW(static_cast<void>(reactor.add(subscriber)), std::runtime_error);
    EXPECT_TRUE(subscriber);
    EXPECT_EQ(entries_held(), 1U);

    first = refused;
    EXPECT_TRUE(reactor.add(subscriber));
}
#endif

TEST(SubscriberFdMoves, ItsSubscriberAwayAndAddRefusesIt) {  // [subscriber.fd]
    Reactor reactor;
    const OwnedFd file = make_eventfd();
    std::function<void()> first;
    AnySubscriber subscriber{Asked{file.fd(), &first}};
    AnySubscriber moved;
    first = [&] { moved = std::move(subscriber); };

    EXPECT_EQ(error_of(reactor.add(subscriber)), std::errc::invalid_argument);

    EXPECT_TRUE(moved);
    EXPECT_EQ(entries_held(), 0U);
}

}  // namespace
}  // namespace eventp::support
