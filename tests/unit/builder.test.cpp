// SPDX-License-Identifier: MIT
#include <eventp/builder.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <system_error>
#include <type_traits>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/epoll.h>

#include <eventp/reactor.hpp>
#include <eventp/testing/fire.hpp>
#include <eventp/testing/mock_reactor.hpp>

#include "support/files.hpp"

namespace eventp {
namespace {

using eventp::testing::fire;
using eventp::testing::MockReactor;
using support::is_open;
using support::make_eventfd;
using ::testing::_;
using ::testing::NiceMock;
using ::testing::Return;

void ignore_event() {}

TEST(Builder, BeginsWithAnInterestThatIsAnOrdinaryValue)  // [builder.interest]
{
    static_assert(std::is_same_v<decltype(interest()), Interest>);
    static_assert(interest() == Interest{});
    NiceMock<MockReactor> reactor;
    const bool reads = !reactor.contains(BorrowedFd{7});
    const Interest chosen = reads ? interest().read() : interest().write();

    const auto id = chosen.with_fd(BorrowedFd{7}).with_handler(ignore_event).register_into(reactor);

    ASSERT_TRUE(id);
    EXPECT_EQ(reactor.interest_of(*id), Interest{}.read());
    EXPECT_TRUE(reactor.modify(*id, interest().write().edge_triggered()));
    EXPECT_EQ(reactor.interest_of(*id), Interest{}.write().edge_triggered());
}

TEST(Builder, RegistersWithTheInterestOfTheChain)  // [builder.register]
{
    NiceMock<MockReactor> reactor;
    const auto name = interest()
                          .read()
                          .oneshot()
                          .with_fd(BorrowedFd{7})
                          .with_handler(ignore_event)
                          .register_into(reactor);

    ASSERT_TRUE(name);
    EXPECT_EQ(name->fd(), 7);
    EXPECT_EQ(reactor.interest_of(*name), Interest{}.read().oneshot());
}

TEST(Builder, AcceptsFlagsThatAreKnownAtRunTimeOnly)  // [builder.register]
{
    NiceMock<MockReactor> reactor;
    volatile std::uint32_t bits = EPOLLOUT;
    const auto name =
        Interest{bits}.with_handler(ignore_event).with_fd(BorrowedFd{7}).register_into(reactor);

    ASSERT_TRUE(name);
    EXPECT_EQ(reactor.interest_of(*name), Interest{}.write());
}

TEST(Builder, BuildsTheSameWhetherDescriptorOrHandlerComesFirst)  // [builder.commutes]
{
    NiceMock<MockReactor> reactor;
    int calls = 0;
    const auto count = [&calls](BorrowedFd& fd) { calls += fd.fd(); };
    auto fd_first = interest().read().with_fd(BorrowedFd{7}).with_handler(count);
    auto handler_first = interest().read().with_handler(count).with_fd(BorrowedFd{8});
    static_assert(std::is_same_v<decltype(fd_first), decltype(handler_first)>);

    const auto first = std::move(fd_first).register_into(reactor);
    const auto second = std::move(handler_first).register_into(reactor);
    fire(*first, Event{EPOLLIN}, reactor);
    fire(*second, Event{EPOLLIN}, reactor);

    EXPECT_EQ(calls, 7 + 8);
    EXPECT_EQ(reactor.interest_of(*first), reactor.interest_of(*second));
}

TEST(Builder, OwnsMoveOnlyDescriptorsAndHandlers)  // [builder.build]
{
    OwnedFd file = make_eventfd();
    const int number = file.fd();
    {
        const AnySubscriber subscriber =
            interest()
                .read()
                .with_fd(std::move(file))
                .with_handler([owned = std::make_unique<int>(1)] { static_cast<void>(owned); })
                .build();
        EXPECT_TRUE(subscriber);
        EXPECT_TRUE(is_open(number));
    }

    EXPECT_FALSE(is_open(number));
}

TEST(Builder, BuildsASubscriberThatSurvivesAFailedAdd)  // [builder.build]
{
    NiceMock<MockReactor> reactor;
    const std::error_code full{ENOSPC, std::system_category()};
    EXPECT_CALL(reactor, add(_)).WillOnce(Return(std::unexpected{full}));
    AnySubscriber subscriber =
        interest().read().with_fd(make_eventfd()).with_handler(ignore_event).build();
    const int number = subscriber.find<OwnedFd>()->fd();

    const auto added = reactor.add(subscriber);

    EXPECT_EQ(added.error(), std::errc::no_space_on_device);
    ASSERT_TRUE(subscriber);
    EXPECT_TRUE(is_open(number));
    EXPECT_EQ(subscriber.find<OwnedFd>()->fd(), number);
}

TEST(Builder, DestroysTheDescriptorIfRegisteringFails)  // [builder.register]
{
    NiceMock<MockReactor> reactor;
    const std::error_code full{ENOSPC, std::system_category()};
    EXPECT_CALL(reactor, add(_)).WillOnce(Return(std::unexpected{full}));
    OwnedFd file = make_eventfd();
    const int number = file.fd();

    const auto added = interest()
                           .read()
                           .with_fd(std::move(file))
                           .with_handler(ignore_event)
                           .register_into(reactor);

    EXPECT_EQ(added.error(), std::errc::no_space_on_device);
    EXPECT_FALSE(is_open(number));
}

TEST(Builder, RegistersIntoAReactorAndIntoTheReactorOpsOfAHandler)  // [builder.register]
{
    Reactor reactor;
    int calls = 0;
    const auto outer = interest()
                           .read()
                           .oneshot()
                           .with_fd(make_eventfd(1))
                           .with_handler([&calls](ReactorOps& by) {
                               const auto inner =
                                   interest()
                                       .read()
                                       .with_fd(make_eventfd(1))
                                       .with_handler([&calls](RegistrationId self, ReactorOps& in) {
                                           calls += in.remove(self) ? 1 : 0;
                                       })
                                       .register_into(by);
                               EXPECT_TRUE(inner);
                           })
                           .register_into(reactor);

    ASSERT_TRUE(outer);
    EXPECT_EQ(reactor.run_once(std::chrono::seconds{10}), 1U);
    EXPECT_EQ(reactor.run_once(std::chrono::seconds{10}), 1U);
    EXPECT_EQ(calls, 1);
}

TEST(Builder, RefusesExclusiveWithOneshotWhenItIsKnownAtRunTimeOnly)  // [interest.exclusive]
{
    Reactor reactor;

    const auto added = Interest{}
                           .read()
                           .exclusive()
                           .oneshot()
                           .with_fd(make_eventfd())
                           .with_handler(ignore_event)
                           .register_into(reactor);

    ASSERT_FALSE(added);
    EXPECT_EQ(added.error(), std::errc::invalid_argument);
}

TEST(Builder, RefusesAHandlerThatIsANullPointerOrAnEmptyFunction)  // [handler.null]
{
    NiceMock<MockReactor> reactor;
    struct Door {
        [[nodiscard]] static int fd() noexcept { return 7; }
        void on_event() {}
    };
    const auto error_of_null = [&reactor](auto handler) {
        EXPECT_FALSE(
            interest().read().with_fd(Door{}).with_handler(std::as_const(handler)).build());
        return interest()
            .read()
            .with_fd(Door{})
            .with_handler(handler)
            .register_into(reactor)
            .error();
    };

    EXPECT_EQ(error_of_null(static_cast<void (*)()>(nullptr)), std::errc::invalid_argument);
    EXPECT_EQ(error_of_null(static_cast<void (Door::*)()>(nullptr)), std::errc::invalid_argument);
    EXPECT_EQ(error_of_null(std::function<void()>{}), std::errc::invalid_argument);
    EXPECT_EQ(interest()
                  .with_fd(Door{})
                  .with_handler(std::move_only_function<void()>{})
                  .register_into(reactor)
                  .error(),
              std::errc::invalid_argument);
    EXPECT_EQ(interest()
                  .with_handler<Event>(std::function<void(Event)>{})
                  .with_fd(Door{})
                  .register_into(reactor)
                  .error(),
              std::errc::invalid_argument);
    EXPECT_TRUE(interest().with_fd(Door{}).with_handler(std::function<void()>{[] {}}).build());
    EXPECT_TRUE(interest().with_fd(Door{}).with_handler(&Door::on_event).build());
}

TEST(Builder, LetsTheDescriptorObjectBeFound)  // [builder.build]
{
    struct Connection {
        OwnedFd file = make_eventfd();
        int received = 0;
        [[nodiscard]] int fd() const noexcept { return file.fd(); }
    };
    AnySubscriber in_place = interest().with_fd(Connection{}).with_handler(ignore_event).build();
    AnySubscriber pointed =
        interest().with_fd(std::make_unique<Connection>()).with_handler(ignore_event).build();

    ASSERT_NE(in_place.find<Connection>(), nullptr);
    ASSERT_NE(pointed.find<Connection>(), nullptr);
    EXPECT_EQ(pointed.find<Connection>(), pointed.find<std::unique_ptr<Connection>>()->get());
    EXPECT_EQ(in_place.find<std::unique_ptr<Connection>>(), nullptr);
}

}  // namespace
}  // namespace eventp
