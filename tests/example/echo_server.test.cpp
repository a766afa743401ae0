// SPDX-License-Identifier: MIT
#include <memory>
#include <system_error>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/epoll.h>

#include <eventp/builder.hpp>
#include <eventp/event.hpp>
#include <eventp/testing/fire.hpp>
#include <eventp/testing/mock_reactor.hpp>

#include "examples/echo/listener.hpp"
#include "mock_socket.hpp"

namespace eventp {
namespace {

using namespace support;
using ::testing::_;
using ::testing::ByMove;
using testing::fire;
using testing::MockReactor;
using ::testing::NiceMock;
using ::testing::Return;

constexpr BorrowedFd door{7};
constexpr Event readable{EPOLLIN};

class MockAcceptor {
public:
    MOCK_METHOD(Result<MockStream>, accept, ());
    [[nodiscard]] static int fd() noexcept { return door.fd(); }
};

/// A listener that a mock keeps, and sockets to accept.
class EchoListener : public ::testing::Test {
protected:
    void SetUp() override {
        const auto added =
            echo::Service::listener_interest.with_handler<echo::on_connection<Accepting>>()
                .with_fd(echo::Listener{Accepting{&acceptor}, service})
                .register_into(reactor);
        ASSERT_TRUE(added);
        service.listens(*added);
    }

    /// Copyable, as a MockAcceptor is not.
    struct Accepting {
        MockAcceptor* mock;
        [[nodiscard]] static int fd() noexcept { return door.fd(); }
        [[nodiscard]] Result<MockStream> accept() { return mock->accept(); }
    };
    static auto refuses(std::errc why) {
        return [why]() -> Result<MockStream> { return detail::error(why); };
    }
    [[nodiscard]] auto gives(int number) {
        sockets.push_back(std::make_unique<NiceMock<MockSocket>>(number));
        return [&socket = *sockets.back()]() -> Result<MockStream> { return MockStream{socket}; };
    }
    static auto would_block() { return refuses(std::errc::operation_would_block); }

    std::vector<std::unique_ptr<NiceMock<MockSocket>>> sockets;
    MockAcceptor acceptor;
    int retries = 0;
    echo::Service service{[this] { ++retries; }};
    NiceMock<MockReactor> reactor;
};

TEST_F(EchoListener, RegistersWhatItAccepts) {
    EXPECT_CALL(acceptor, accept).WillOnce(gives(42)).WillOnce(would_block());
    EXPECT_CALL(reactor, add);

    fire(door, readable, reactor);

    EXPECT_EQ(reactor.interest_of(BorrowedFd{42}), interest().edge_triggered().read_write());
    EXPECT_EQ(service.totals.accepted, 1U);
}

TEST_F(EchoListener, AcceptsUntilItWouldBlock) {
    EXPECT_CALL(acceptor, accept)
        .WillOnce(gives(42))
        .WillOnce(gives(43))
        .WillOnce(gives(44))
        .WillOnce(would_block());

    fire(door, readable, reactor);

    EXPECT_EQ(reactor.size(), 4U);
}

TEST_F(EchoListener, AcceptsALimitedNumberOfConnectionsInATurn) {
    int number = 100;
    EXPECT_CALL(acceptor, accept).Times(echo::accepted_per_turn).WillRepeatedly([&] {
        return gives(number++)();
    });

    fire(door, readable, reactor);
}

TEST_F(EchoListener, ContinuesAfterAConnectionThatWasAbortedInTheQueue) {
    EXPECT_CALL(acceptor, accept)
        .WillOnce(refuses(std::errc::connection_aborted))
        .WillOnce(gives(42))
        .WillOnce(would_block());

    fire(door, readable, reactor);

    EXPECT_EQ(service.totals.accepted, 1U);
    EXPECT_EQ(service.totals.pauses, 0U);
}

TEST_F(EchoListener, ClosesWhatTheReactorRefuses) {
    EXPECT_CALL(acceptor, accept).WillOnce(gives(42)).WillOnce(would_block());
    EXPECT_CALL(*sockets.back(), close);
    EXPECT_CALL(reactor, add).WillOnce([](AnySubscriber&) -> Result<RegistrationId> {
        return detail::error(std::errc::no_space_on_device);
    });

    fire(door, readable, reactor);

    EXPECT_EQ(service.totals.refused, 1U);
}

class EchoListenerShortOf : public EchoListener, public ::testing::WithParamInterface<std::errc> {};

TEST_P(EchoListenerShortOf, PausesInsteadOfSpinning) {
    EXPECT_CALL(acceptor, accept).WillOnce(refuses(GetParam()));

    fire(door, readable, reactor);

    EXPECT_TRUE(reactor.contains(door));
    EXPECT_EQ(reactor.interest_of(door), Interest{});
    EXPECT_EQ(retries, 1);
}

INSTANTIATE_TEST_SUITE_P(
    Means, EchoListenerShortOf,
    ::testing::Values(std::errc::too_many_files_open, std::errc::too_many_files_open_in_system,
                      std::errc::not_enough_memory, std::errc::no_buffer_space),
    [](const auto& means) { return std::to_string(static_cast<int>(means.param)); });

TEST_F(EchoListener, ResumesWhenAConnectionEnds) {
    EXPECT_CALL(acceptor, accept)
        .WillOnce(gives(42))
        .WillOnce(refuses(std::errc::too_many_files_open));
    fire(door, readable, reactor);
    ASSERT_EQ(reactor.interest_of(door), Interest{});

    fire(BorrowedFd{42}, Event{EPOLLHUP}, reactor);

    EXPECT_EQ(reactor.interest_of(door), echo::Service::listener_interest);
    EXPECT_EQ(service.totals.pauses, 1U);
}

TEST_F(EchoListener, ResumesAfterTheRetryInterval) {
    EXPECT_CALL(acceptor, accept).WillOnce(refuses(std::errc::too_many_files_open_in_system));
    fire(door, readable, reactor);

    service.resume(reactor);

    EXPECT_EQ(reactor.interest_of(door), echo::Service::listener_interest);
}

TEST_F(EchoListener, TriesOnceMoreWhenItCannotResume) {
    EXPECT_CALL(acceptor, accept).WillOnce(refuses(std::errc::not_enough_memory));
    fire(door, readable, reactor);
    EXPECT_CALL(reactor, modify)
        .WillOnce([](RegistrationKey, Interest) -> Result<> {
            return detail::error(std::errc::not_enough_memory);
        })
        .WillOnce(Return(Result<>{}));

    service.resume(reactor);
    EXPECT_EQ(retries, 2);
    service.resume(reactor);
    service.resume(reactor);  // not paused any more: nothing to do

    EXPECT_EQ(retries, 2);
}

TEST_F(EchoListener, StopsAtOnceWhenItLeavesIfThereIsNoConnection) {
    EXPECT_CALL(reactor, stop);

    service.leave(reactor);

    EXPECT_FALSE(reactor.contains(door));
}

TEST_F(EchoListener, RequestsAnotherEventOfEachConnectionWhenItLeaves) {
    EXPECT_CALL(acceptor, accept).WillOnce(gives(42)).WillOnce(would_block());
    fire(door, readable, reactor);
    EXPECT_CALL(reactor, stop).Times(0);
    EXPECT_CALL(reactor, modify(_, echo::Service::connection_interest));

    service.leave(reactor);

    EXPECT_FALSE(reactor.contains(door));
    EXPECT_TRUE(reactor.contains(BorrowedFd{42}));
}

TEST_F(EchoListener, ClosesAllConnectionsWhenItMustLeaveAtOnce) {
    EXPECT_CALL(acceptor, accept).WillOnce(gives(42)).WillOnce(gives(43)).WillOnce(would_block());
    fire(door, readable, reactor);
    service.leave(reactor);
    EXPECT_CALL(*sockets[0], close);
    EXPECT_CALL(*sockets[1], close);
    EXPECT_CALL(reactor, stop);

    service.leave(reactor);

    EXPECT_EQ(reactor.size(), 0U);
    EXPECT_EQ(service.totals.cut, 2U);
}

}  // namespace
}  // namespace eventp
