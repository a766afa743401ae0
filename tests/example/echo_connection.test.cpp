// SPDX-License-Identifier: MIT
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <system_error>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/epoll.h>
#include <unistd.h>

#include <eventp/builder.hpp>
#include <eventp/event.hpp>
#include <eventp/reactor.hpp>
#include <eventp/testing/fire.hpp>
#include <eventp/testing/mock_reactor.hpp>

#include "examples/echo/connection.hpp"
#include "mock_socket.hpp"
#include "support/files.hpp"
#include "support/watchdog.hpp"

namespace eventp {
namespace {

using namespace support;
using ::testing::_;
using testing::fire;
using ::testing::InSequence;
using testing::MockReactor;
using ::testing::NiceMock;
using ::testing::Return;
using ::testing::SizeIs;
using ::testing::StrictMock;

constexpr BorrowedFd peer{42};
constexpr Event readable_and_writable{EPOLLIN | EPOLLOUT};
constexpr Event writable{EPOLLOUT};

/// A connection in a mock; a call of its socket that a test does not expect fails the test.
class EchoConnection : public ::testing::Test {
protected:
    void SetUp() override {
        EXPECT_CALL(socket, close).Times(::testing::AtMost(1));
        const auto added =
            echo::Service::connection_interest.with_handler<echo::on_ready<MockStream>>()
                .with_fd(echo::Connection{MockStream{socket}, service})
                .register_into(reactor);
        ASSERT_TRUE(added);
        self = *added;
        service.opened(self);
    }
    [[nodiscard]] bool is_open() const { return reactor.contains(self); }

    StrictMock<MockSocket> socket{peer.fd()};
    echo::Service service;
    RegistrationId self;
    NiceMock<MockReactor> reactor;
};

TEST_F(EchoConnection, SendsBackWhatItReadsUntilReadingWouldBlock) {
    const InSequence order;
    EXPECT_CALL(socket, read).WillOnce(gives("hello"));
    EXPECT_CALL(socket, write(std::string_view{"hello"})).WillOnce(takes_all);
    EXPECT_CALL(socket, read).WillOnce(blocks());

    fire(peer, readable_and_writable, reactor);

    EXPECT_TRUE(is_open());
    EXPECT_EQ(service.totals.bytes, 5U);
}

TEST_F(EchoConnection, ClosesAtTheEndOfTheStream) {
    EXPECT_CALL(socket, read).WillOnce(ends);
    EXPECT_CALL(socket, close);

    fire(peer, readable_and_writable, reactor);

    EXPECT_FALSE(is_open());
}

TEST_F(EchoConnection, ClosesOnAReadError) {
    EXPECT_CALL(socket, read).WillOnce(refuses(std::errc::connection_reset));
    EXPECT_CALL(socket, close);

    fire(peer, readable_and_writable, reactor);

    EXPECT_FALSE(is_open());
}

TEST_F(EchoConnection, ClosesOnAWriteError) {
    EXPECT_CALL(socket, read).WillOnce(gives("hello"));
    EXPECT_CALL(socket, write).WillOnce(refuses(std::errc::broken_pipe));
    EXPECT_CALL(socket, close);

    fire(peer, readable_and_writable, reactor);

    EXPECT_FALSE(is_open());
}

TEST_F(EchoConnection, ClosesOnAnErrorEventWithoutUsingTheSocket) {
    EXPECT_CALL(socket, close);

    fire(peer, Event{EPOLLIN | EPOLLERR}, reactor);

    EXPECT_FALSE(is_open());
}

TEST_F(EchoConnection, ClosesOnAHangUpEventWithoutUsingTheSocket) {
    EXPECT_CALL(socket, close);

    fire(peer, Event{EPOLLIN | EPOLLHUP}, reactor);

    EXPECT_FALSE(is_open());
}

TEST_F(EchoConnection, BuffersWhatThePeerDoesNotReadAndSendsItLater) {
    const InSequence order;
    EXPECT_CALL(socket, read).WillOnce(gives("hello"));
    EXPECT_CALL(socket, write(std::string_view{"hello"})).WillOnce(takes(2));
    EXPECT_CALL(socket, write(std::string_view{"llo"})).WillOnce(blocks());
    EXPECT_CALL(socket, read).WillOnce(blocks());
    fire(peer, readable_and_writable, reactor);

    EXPECT_CALL(socket, write(std::string_view{"llo"})).WillOnce(takes_all);
    EXPECT_CALL(socket, read).WillOnce(blocks());
    fire(peer, writable, reactor);

    EXPECT_EQ(service.totals.bytes, 5U);
}

TEST_F(EchoConnection, ReadsNoMoreThanItsBufferHoldsWhileThePeerDoesNotRead) {
    std::size_t taken = 0;
    EXPECT_CALL(socket, read).WillRepeatedly([&taken](std::span<std::byte> room) {
        taken += room.size();
        return fills(room);
    });
    EXPECT_CALL(socket, write).WillRepeatedly(blocks());

    for (int i = 0; i < 3; ++i) {
        fire(peer, readable_and_writable, reactor);
    }

    EXPECT_EQ(taken, echo::SendBuffer::capacity);
    EXPECT_TRUE(is_open());
}

TEST_F(EchoConnection, ReadsAgainWhenThePeerHasRead) {
    EXPECT_CALL(socket, read).WillRepeatedly(fills);
    EXPECT_CALL(socket, write).WillRepeatedly(blocks());
    fire(peer, readable_and_writable, reactor);
    ::testing::Mock::VerifyAndClearExpectations(&socket);

    const InSequence order;
    EXPECT_CALL(socket, write).WillOnce(takes(100));
    EXPECT_CALL(socket, write).WillOnce(blocks());
    EXPECT_CALL(socket, read(SizeIs(100))).WillOnce(blocks());
    EXPECT_CALL(socket, close);
    fire(peer, writable, reactor);
}

TEST_F(EchoConnection, SendsWhatIsBufferedToAPeerThatHasShutDownThenCloses) {
    const InSequence order;
    EXPECT_CALL(socket, read).WillOnce(gives("hello"));
    EXPECT_CALL(socket, write).WillOnce(blocks());
    EXPECT_CALL(socket, read).WillOnce(ends);
    EXPECT_CALL(socket, write).WillOnce(blocks());
    fire(peer, Event{EPOLLIN | EPOLLRDHUP}, reactor);
    EXPECT_TRUE(is_open());

    EXPECT_CALL(socket, write(std::string_view{"hello"})).WillOnce(takes_all);
    EXPECT_CALL(socket, close);
    fire(peer, writable, reactor);

    EXPECT_FALSE(is_open());
}

TEST_F(EchoConnection, IsRequeuedWhenItsBudgetIsUsedUp) {
    std::size_t taken = 0;
    EXPECT_CALL(socket, read).WillRepeatedly([&taken](std::span<std::byte> room) {
        taken += room.size();
        return fills(room);
    });
    EXPECT_CALL(socket, write).WillRepeatedly(takes_all);
    EXPECT_CALL(reactor, requeue(RegistrationKey{self})).WillOnce(Return(true));

    fire(peer, readable_and_writable, reactor);

    EXPECT_EQ(taken, echo::budget_per_turn);
}

TEST_F(EchoConnection, IsNotRequeuedWhenReadingWouldBlock) {
    EXPECT_CALL(socket, read).WillOnce(blocks());
    EXPECT_CALL(reactor, requeue).Times(0);

    fire(peer, readable_and_writable, reactor);
}

TEST_F(EchoConnection, ShutsDownWhenTheServiceLeavesAndClosesWhenThePeerHas) {
    service.leave(reactor);

    const InSequence order;
    EXPECT_CALL(socket, shutdown_write).WillOnce(Return(Result<>{}));
    EXPECT_CALL(socket, read).WillOnce(gives("too late"));
    EXPECT_CALL(socket, read).WillOnce(blocks());
    fire(peer, writable, reactor);
    EXPECT_TRUE(is_open());

    EXPECT_CALL(socket, read).WillOnce(ends);
    EXPECT_CALL(reactor, stop);
    EXPECT_CALL(socket, close);
    fire(peer, readable_and_writable, reactor);

    EXPECT_FALSE(is_open());
    EXPECT_EQ(service.totals.cut, 0U);
}

TEST_F(EchoConnection, SendsWhatIsBufferedBeforeItShutsDown) {
    const InSequence order;
    EXPECT_CALL(socket, read).WillOnce(gives("hello"));
    EXPECT_CALL(socket, write).WillOnce(blocks());
    EXPECT_CALL(socket, read).WillOnce(blocks());
    fire(peer, readable_and_writable, reactor);
    service.leave(reactor);

    EXPECT_CALL(socket, write(std::string_view{"hello"})).WillOnce(takes_all);
    EXPECT_CALL(socket, shutdown_write).WillOnce(Return(Result<>{}));
    EXPECT_CALL(socket, read).WillOnce(blocks());
    EXPECT_CALL(socket, close);
    fire(peer, writable, reactor);
}

/// A peer that always has more to send and always accepts what is sent to it.
class GreedyStream {
public:
    explicit GreedyStream(std::uint64_t& bytes) : number_{make_eventfd(1)}, bytes_{&bytes} {}

    [[nodiscard]] int fd() const noexcept { return number_.fd(); }
    [[nodiscard]] Result<std::size_t> read(std::span<std::byte> room) {
        *bytes_ += room.size();
        return fills(room);
    }
    [[nodiscard]] static Result<std::size_t> write(std::span<const std::byte> data) {
        return data.size();
    }
    [[nodiscard]] static Result<> shutdown_write() { return {}; }

private:
    OwnedFd number_;
    std::uint64_t* bytes_;
};

TEST(EchoConnectionInAReactor, IsServedBesideAGreedyOne) {
    echo::Service service;
    std::uint64_t greedy_bytes = 0;
    SocketPair sockets;
    Reactor reactor;
    ASSERT_TRUE(echo::Service::connection_interest.with_handler<echo::on_ready<GreedyStream>>()
                    .with_fd(echo::Connection{GreedyStream{greedy_bytes}, service})
                    .register_into(reactor));
    ASSERT_TRUE(echo::Service::connection_interest.with_handler<echo::on_ready<echo::TcpStream>>()
                    .with_fd(echo::Connection{echo::TcpStream{std::move(sockets.near)}, service})
                    .register_into(reactor));

    constexpr int rounds = 100;
    for (int round = 0; round < rounds; ++round) {
        const auto sent = static_cast<unsigned char>(round);
        ASSERT_EQ(::write(sockets.far.fd(), &sent, 1), 1);
        ASSERT_TRUE(reactor.run_once());
        unsigned char answer = 0;
        ASSERT_EQ(::read(sockets.far.fd(), &answer, 1), 1) << "not in the turn it was reported in";
        ASSERT_EQ(answer, sent);
    }

    EXPECT_EQ(greedy_bytes, rounds * echo::budget_per_turn);
}

TEST(EchoSendBuffer, ReturnsBytesInTheOrderInWhichTheyWereStored) {
    echo::SendBuffer buffer;
    std::uint8_t written = 0;
    std::uint8_t read = 0;
    std::size_t moved = 0;

    // Steps that share no factor with the capacity wrap around everywhere.
    for (std::size_t step = 1; moved < 4 * echo::SendBuffer::capacity; ++step) {
        const std::span<std::byte> room = buffer.room(997 * (step % 80));
        for (std::byte& at : room) {
            at = std::byte{written++};
        }
        buffer.filled(room.size());
        const std::span<const std::byte> data = buffer.data();
        const std::size_t count = std::min(data.size(), 1009 * (step % 60));
        for (const std::byte at : data.first(count)) {
            ASSERT_EQ(at, std::byte{read++});
        }
        buffer.sent(count);
        moved += count;
    }

    EXPECT_EQ(static_cast<std::uint8_t>(read + buffer.size()), written);
}

TEST(EchoSendBuffer, StoresAsManyBytesAsItsCapacity) {
    echo::SendBuffer buffer;
    buffer.filled(buffer.room(10).size());
    buffer.sent(4);  // so that the room is in two pieces

    while (!buffer.is_full()) {
        ASSERT_FALSE(buffer.room(echo::SendBuffer::capacity).empty());
        buffer.filled(buffer.room(echo::SendBuffer::capacity).size());
    }

    EXPECT_EQ(buffer.size(), echo::SendBuffer::capacity);
    EXPECT_TRUE(buffer.room(1).empty());
}

}  // namespace
}  // namespace eventp
