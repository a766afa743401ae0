// SPDX-License-Identifier: MIT
#include <eventp/device.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <new>
#include <stdexcept>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/epoll.h>

#include <eventp/testing/fire.hpp>
#include <eventp/testing/mock_reactor.hpp>

#include "support/allocations.hpp"

namespace eventp {
namespace {

using eventp::support::allocations;
using eventp::testing::fire;
using eventp::testing::MockReactor;
using ::testing::_;
using ::testing::ElementsAre;
using ::testing::InSequence;
using ::testing::NiceMock;
using ::testing::Return;
using ::testing::StrictMock;

constexpr Interest reading = Interest{}.read();
constexpr Interest writing = Interest{}.write();

/// Three numbers and a record of what is called; cannot be copied or moved.
struct Panel {
    explicit Panel(std::vector<std::string>& to, int& ended) : calls{to}, destroyed{ended} {}
    Panel(const Panel&) = delete;
    Panel& operator=(const Panel&) = delete;
    ~Panel() { ++destroyed; }

    void on_kick(Event event, BorrowedFd& fd) { note("kick", fd.fd(), event); }
    void on_timer(Event event, const BorrowedFd& fd) const noexcept {
        note("timer", fd.fd(), event);
    }
    void on_control(ReactorOps& reactor) {
        const int before = destroyed;
        calls.emplace_back("control");
        reactor.remove(timer);
        reactor.remove(control);
        reactor.remove(kick);
        EXPECT_EQ(destroyed, before);
    }

    void note(const char* who, int fd, Event event) const {
        calls.push_back(who + std::to_string(fd) + to_string(event));
    }

    BorrowedFd kick{10};
    BorrowedFd timer{11};
    BorrowedFd control{12};
    std::vector<std::string>& calls;
    int& destroyed;
};

constexpr auto panel = device<Panel>()
                           .watch<&Panel::kick, &Panel::on_kick>(reading)
                           .watch<&Panel::timer, &Panel::on_timer>(writing)
                           .watch<&Panel::control, &Panel::on_control>(reading.oneshot());

class DeviceOnAMock : public ::testing::Test {
protected:
    std::vector<std::string> calls;
    int destroyed = 0;
    NiceMock<MockReactor> reactor;
};

TEST_F(DeviceOnAMock, RegistersEachDescriptorWithItsInterest) {  // [device.register]
    const auto names = panel.register_into(reactor, calls, destroyed);

    ASSERT_TRUE(names);
    EXPECT_EQ((*names)[0].fd(), 10);
    EXPECT_EQ((*names)[1].fd(), 11);
    EXPECT_EQ((*names)[2].fd(), 12);
    EXPECT_EQ(reactor.interest_of((*names)[0]), reading);
    EXPECT_EQ(reactor.interest_of((*names)[1]), writing);
    EXPECT_EQ(reactor.interest_of((*names)[2]), reading.oneshot());
    EXPECT_EQ(reactor.size(), 3U);
}

TEST_F(DeviceOnAMock, CallsTheMemberFunctionOfEachDescriptor) {  // [device.handlers]
    ASSERT_TRUE(panel.register_into(reactor, calls, destroyed));

    fire(BorrowedFd{11}, Event{EPOLLOUT}, reactor);
    fire(BorrowedFd{10}, Event{EPOLLIN | EPOLLHUP}, reactor);

    EXPECT_THAT(calls, ElementsAre("timer11EPOLLOUT", "kick10EPOLLIN|EPOLLHUP"));
}

TEST_F(DeviceOnAMock, IsDestroyedAfterTheMemberFunctionThatRemovesAll) {  // [device.lifetime]
    ASSERT_TRUE(panel.register_into(reactor, calls, destroyed));

    fire(BorrowedFd{12}, Event{EPOLLIN}, reactor);

    EXPECT_EQ(destroyed, 1);
    EXPECT_EQ(reactor.size(), 0U);
}

TEST_F(DeviceOnAMock, IsTheSameObjectUnderEachId) {  // [device.build]
    auto built = panel.build(calls, destroyed);
    built->kick = BorrowedFd{20};
    Panel* const where = &*built;
    const auto names = built.add_to(reactor);

    ASSERT_TRUE(names);
    EXPECT_FALSE(built);
    EXPECT_EQ((*names)[0].fd(), 20);
    for (const RegistrationId name : *names) {
        EXPECT_EQ(reactor.find<Panel>(name), where);
    }
}

// --- all or nothing -----------------------------------------------------------------------------

TEST_F(DeviceOnAMock,
       UnregistersTheOthersIfTheLastDescriptorIsRefused) {  // [device.all_or_nothing]
    auto built = panel.build(calls, destroyed);
    built->control = built->kick;

    const auto names = built.add_to(reactor);

    ASSERT_FALSE(names);
    EXPECT_EQ(names.error(), std::errc::file_exists);
    EXPECT_EQ(reactor.size(), 0U);
    EXPECT_TRUE(built);
    EXPECT_EQ(destroyed, 0);

    built->control = BorrowedFd{12};
    EXPECT_TRUE(built.add_to(reactor));
    EXPECT_EQ(reactor.interest_of(BorrowedFd{12}), reading.oneshot());
}

TEST_F(DeviceOnAMock, UnregistersInReverseOrder) {  // [device.all_or_nothing]
    StrictMock<MockReactor> strict;
    auto built = panel.build(calls, destroyed);
    const RegistrationId first{10, 1};
    const RegistrationId second{11, 2};
    {
        const InSequence in_order;
        EXPECT_CALL(strict, add(_)).WillOnce(Return(first));
        EXPECT_CALL(strict, add(_)).WillOnce(Return(second));
        EXPECT_CALL(strict, add(_)).WillOnce(Return(detail::error(std::errc::no_space_on_device)));
        EXPECT_CALL(strict, extract(RegistrationKey{second})).WillOnce([] {
            return AnySubscriber{};
        });
        EXPECT_CALL(strict, remove(RegistrationKey{second})).WillOnce(Return(true));
        EXPECT_CALL(strict, extract(RegistrationKey{first})).WillOnce([] {
            return AnySubscriber{};
        });
        EXPECT_CALL(strict, remove(RegistrationKey{first})).WillOnce(Return(true));
    }

    EXPECT_FALSE(built.add_to(strict));
    EXPECT_TRUE(built);
    EXPECT_EQ(destroyed, 0);

    // What extract() did not return is made again, with the interest that it had.
    EXPECT_TRUE(built.add_to(reactor));
    EXPECT_EQ(reactor.interest_of(BorrowedFd{11}), writing);
    fire(BorrowedFd{10}, Event{EPOLLIN}, reactor);
    EXPECT_THAT(calls, ElementsAre("kick10EPOLLIN"));
    fire(BorrowedFd{12}, Event{EPOLLIN}, reactor);
    EXPECT_EQ(destroyed, 1);
}

TEST_F(DeviceOnAMock, IsDestroyedIfRegisterIntoFails) {  // [device.register]
    EXPECT_CALL(reactor, add(_)).WillOnce(Return(detail::error(std::errc::no_space_on_device)));

    EXPECT_FALSE(panel.register_into(reactor, calls, destroyed));
    EXPECT_EQ(destroyed, 1);
}

#if defined(__cpp_exceptions)
TEST_F(DeviceOnAMock, IsUnregisteredIfMemoryRunsOut) {  // [device.all_or_nothing]
    NiceMock<MockReactor> behind;
    auto built = panel.build(calls, destroyed);
    EXPECT_CALL(reactor, add(_)).WillRepeatedly([&](AnySubscriber& part) {
        if (behind.size() == 2) {
            throw std::bad_alloc{};
        }
        return behind.add(part);
    });
    EXPECT_CALL(reactor, extract(_)).Times(2).WillRepeatedly([&](RegistrationKey key) {
        return behind.extract(key);
    });

    EXPECT_THROW(static_cast<void>(built.add_to(reactor)), std::bad_alloc);
    EXPECT_EQ(behind.size(), 0U);
    EXPECT_TRUE(built);
    EXPECT_TRUE(built.add_to(behind));
}
#endif

// --- construction -------------------------------------------------------------------------------

TEST_F(DeviceOnAMock, IsOneAllocationWithAllItsHeaders) {  // [device.one_allocation]
    const std::size_t before = allocations().made;
    {
        const auto built = panel.build(calls, destroyed);
        EXPECT_EQ(allocations().made, before + 1);
    }
    EXPECT_EQ(destroyed, 1);

    const std::size_t live = allocations().live;
    for (int i = 0; i < 100; ++i) {
        ASSERT_TRUE(panel.register_into(reactor, calls, destroyed));
        fire(BorrowedFd{12}, Event{EPOLLIN}, reactor);
        calls.clear();
    }
    EXPECT_LE(allocations().live, live + 8);  // what the mock and the record keep
}

template <std::size_t Align>
struct alignas(Align) Aligned {
    Aligned() = default;
    Aligned(const Aligned&) = delete;
    Aligned& operator=(const Aligned&) = delete;

    [[nodiscard]] BorrowedFd where() const { return BorrowedFd{30}; }
    void on_event() { ++calls; }

    char first = 1;
    int calls = 0;
};

template <typename T>
class DeviceOfAlignment : public ::testing::Test {};
using DeviceAlignments =
    ::testing::Types<Aligned<4>, Aligned<16>, Aligned<32>, Aligned<64>, Aligned<4096>>;
TYPED_TEST_SUITE(DeviceOfAlignment, DeviceAlignments);

TYPED_TEST(DeviceOfAlignment, IsAlignedAsItsTypeRequires) {  // [device.one_allocation]
    NiceMock<MockReactor> reactor;
    const std::size_t before = allocations().made;
    auto built =
        device<TypeParam>()
            .template watch<&TypeParam::where, &TypeParam::on_event>(reading)
            .template watch<[](TypeParam&) { return BorrowedFd{31}; }, &TypeParam::on_event>(
                reading)
            .build();

    EXPECT_EQ(allocations().made, before + 1);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(&*built) % alignof(TypeParam), 0U);
    TypeParam* const where = &*built;
    ASSERT_TRUE(built.add_to(reactor));
    fire(BorrowedFd{30}, Event{EPOLLIN}, reactor);
    fire(BorrowedFd{31}, Event{EPOLLIN}, reactor);
    EXPECT_EQ(where->calls, 2);
}

template <typename Shape, typename... Args>
concept BuildableFrom = requires(const Shape& shape, Args... args) { shape.build(args...); };

TEST_F(DeviceOnAMock, IsConstructedFromTheArgumentsOfRegisterInto) {  // [device.build]
    struct Picky {
        Picky(std::vector<int>&& moved, int& referred, std::string copied)
            : numbers{std::move(moved)}, count{referred}, name{std::move(copied)} {}
        void on_event() { ++count; }
        BorrowedFd fd{40};
        std::vector<int> numbers;
        int& count;
        std::string name;
    };
    constexpr auto shape = device<Picky>().watch<&Picky::fd, &Picky::on_event>(reading);
    int count = 0;

    auto built = shape.build(std::vector{1, 2, 3}, count, "picky");
    EXPECT_THAT(built->numbers, ElementsAre(1, 2, 3));
    EXPECT_EQ(built->name, "picky");
    ASSERT_TRUE(built.add_to(reactor));
    fire(BorrowedFd{40}, Event{EPOLLIN}, reactor);
    EXPECT_EQ(count, 1);

    EXPECT_FALSE((BuildableFrom<decltype(shape), int>));
}

#if defined(__cpp_exceptions)
TEST_F(DeviceOnAMock, LeaksNothingWhenItsConstructorThrows) {  // [device.build]
    struct Thrower {
        explicit Thrower(int number) : fd{number} {
            if (number < 0) {
                throw std::invalid_argument{"no number"};
            }
        }
        void on_event() {}
        BorrowedFd fd;
    };
    constexpr auto shape = device<Thrower>().watch<&Thrower::fd, &Thrower::on_event>(reading);

    const std::size_t live = allocations().live;
    EXPECT_THROW(static_cast<void>(shape.register_into(reactor, -1)), std::invalid_argument);
    EXPECT_EQ(allocations().live, live);
    EXPECT_EQ(reactor.size(), 0U);
}
#endif

TEST_F(DeviceOnAMock, MovesAsAHandleWithoutMovingTheObject) {  // [device.build]
    auto built = panel.build(calls, destroyed);
    Panel* const where = &*built;
    auto moved = std::move(built);
    EXPECT_EQ(&*moved, where);

    auto other = panel.build(calls, destroyed);
    other = std::move(moved);
    EXPECT_EQ(destroyed, 1);
    EXPECT_EQ(&*other, where);
    static_assert(!std::is_copy_constructible_v<decltype(other)>);
    static_assert(std::is_nothrow_move_constructible_v<decltype(other)>);
}

}  // namespace
}  // namespace eventp
