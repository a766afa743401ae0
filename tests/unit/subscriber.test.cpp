// SPDX-License-Identifier: MIT
#include <eventp/subscriber.hpp>

#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/epoll.h>

#include <eventp/any_subscriber.hpp>
#include <eventp/testing/fire.hpp>
#include <eventp/testing/mock_reactor.hpp>

namespace eventp {
namespace {

using eventp::testing::fire;
using eventp::testing::MockReactor;
using ::testing::NiceMock;

constexpr Event readable{EPOLLIN};

/// Everything of a subscriber but handle().
struct Base {
    [[nodiscard]] int fd() const noexcept { return 7; }
    [[nodiscard]] Interest interest() const noexcept { return Interest{}.read(); }
};

struct WithAll : Base {
    void handle(ReactorOps& reactor, RegistrationId name, Event what, Interest interest_now) {
        by = &reactor;
        self = name;
        seen = what;
        told = interest_now;
    }
    ReactorOps* by = nullptr;
    RegistrationId self;
    Event seen;
    Interest told;
};

TEST(Subscriber, IsCalledWithTheParametersOfItsHandle)  // [subscriber.custom]
{
    NiceMock<MockReactor> reactor;
    AnySubscriber subscriber{WithAll{}};
    const auto name = reactor.add(subscriber);

    fire(*name, readable, reactor);

    const WithAll& value = *reactor.find<WithAll>(*name);
    EXPECT_EQ(value.by, &reactor);
    EXPECT_EQ(value.self, *name);
    EXPECT_EQ(value.seen, readable);
    EXPECT_EQ(value.told, Interest{}.read());
}

int calls = 0;

struct WithNothing : Base {
    void handle() { ++calls; }
};
struct WithConst : Base {
    void handle(Event /*event*/) const noexcept { ++calls; }
};
struct WithGeneric : Base {
    template <typename R>
    void handle(Event /*event*/, R& reactor) {
        static_assert(std::is_same_v<R, ReactorOps>);
        static_cast<void>(reactor.contains(BorrowedFd{7}));
        ++calls;
    }
};
struct WithOverloads : Base {
    void handle(Event /*event*/) { calls += 100; }
    void handle(Event /*event*/, ReactorOps& /*reactor*/) { ++calls; }
};
struct WithInherited : WithConst {};

template <typename S>
class SubscriberShape : public ::testing::Test {};
using Shapes = ::testing::Types<WithNothing, WithConst, WithGeneric, WithOverloads, WithInherited>;
TYPED_TEST_SUITE(SubscriberShape, Shapes, );

TYPED_TEST(SubscriberShape, IsCalledOnceForAnEvent)  // [subscriber.custom]
{
    NiceMock<MockReactor> reactor;
    AnySubscriber subscriber{TypeParam{}};
    calls = 0;

    fire(subscriber, readable, reactor);

    EXPECT_EQ(calls, 1);
}

struct WithPrivateHandle : Base {
private:
    void handle() {}
};
struct WithoutHandle : Base {};
struct WithoutInterest {
    [[nodiscard]] int fd() const noexcept { return 7; }
    void handle() {}
};
struct WithoutNumber {
    [[nodiscard]] Interest interest() const noexcept { return {}; }
    void handle() {}
};
struct WithInterestThatChanges {
    [[nodiscard]] int fd() const noexcept { return 7; }
    [[nodiscard]] Interest interest() noexcept { return {}; }
    void handle() {}
};

TEST(Subscriber, NeedsADescriptorAnInterestAndHandle)  // [subscriber.custom]
{
    static_assert(Subscriber<WithAll>);
    static_assert(!Subscriber<WithoutHandle>);
    static_assert(!Subscriber<WithPrivateHandle>);
    static_assert(!Subscriber<WithoutInterest>);
    static_assert(!Subscriber<WithoutNumber>);
    static_assert(!Subscriber<WithInterestThatChanges>, "interest() is asked of a const object");
    static_assert(!Subscriber<int>);
    static_assert(!Subscriber<const WithAll>);
    SUCCEED();
}

class Public {
public:
    [[nodiscard]] int fd() const noexcept { return 7; }
    [[nodiscard]] Interest interest() const noexcept { return Interest{}.read(); }
    void handle(Event what) { seen = what; }

    Event seen;
};
/// Exposes a function of its private base, to which no other code can convert it.
class Hiding : Public {
public:
    using Public::fd;
    using Public::handle;
    using Public::interest;
    using Public::seen;
};

TEST(Subscriber, MayHandleWithAFunctionOfAPrivateBase)  // [subscriber.custom]
{
    ::testing::NiceMock<testing::MockReactor> reactor;
    auto subscriber = AnySubscriber::make<Hiding>();
    const auto* seen = &subscriber.find<Hiding>()->seen;
    const auto name = reactor.add(subscriber);
    ASSERT_TRUE(name);

    testing::fire(*name, Event{EPOLLIN}, reactor);

    EXPECT_EQ(*seen, Event{EPOLLIN});
}

TEST(FdSubscriber, IsASubscriberOfItsThreeParts)  // [subscriber.custom]
{
    struct Socket {
        std::string opened_by;
        [[nodiscard]] int fd() const noexcept { return 7; }
    };
    const auto open = [](Socket& socket) { socket.opened_by = "the handler"; };
    using Tri = FdSubscriber<Socket, decltype(open)>;
    static_assert(Subscriber<Tri>);
    NiceMock<MockReactor> reactor;

    Tri subscriber{Interest{}.write(), Socket{}, open};
    subscriber.handle(readable, Interest{}, RegistrationId{}, reactor);

    EXPECT_EQ(subscriber.fd(), 7);
    EXPECT_EQ(subscriber.interest(), Interest{}.write());
    EXPECT_EQ(subscriber.descriptor().opened_by, "the handler");
}

}  // namespace
}  // namespace eventp
