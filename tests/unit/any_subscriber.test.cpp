// SPDX-License-Identifier: MIT
#include <eventp/any_subscriber.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/epoll.h>

#include <eventp/detail/slot.hpp>
#include <eventp/detail/slot_access.hpp>
#include <eventp/testing/fire.hpp>
#include <eventp/testing/mock_reactor.hpp>

#include "support/allocations.hpp"

namespace eventp {
namespace {

using eventp::testing::fire;
using eventp::testing::MockReactor;
using support::allocations;
using ::testing::NiceMock;

/// A subscriber that can be neither copied nor moved.
class Fixed {
public:
    explicit Fixed(int number, int* destroyed = nullptr) : number_{number}, destroyed_{destroyed} {}
    Fixed(const Fixed&) = delete;
    Fixed& operator=(const Fixed&) = delete;
    ~Fixed() {
        if (destroyed_ != nullptr) {
            ++*destroyed_;
        }
    }
    [[nodiscard]] int fd() const noexcept { return number_; }
    [[nodiscard]] Interest interest() const noexcept { return Interest{}.read(); }
    void handle(Event event) { seen = event; }

    Event seen;

private:
    int number_;
    int* destroyed_;
};

struct MoveOnly {
    std::unique_ptr<int> number;
    [[nodiscard]] int fd() const noexcept { return *number; }
    [[nodiscard]] Interest interest() const noexcept { return Interest{}.write(); }
    void handle(Event event) { seen = event; }
    Event seen{};
};

int calls_of_empty = 0;
struct Empty {
    [[nodiscard]] int fd() const noexcept { return 7; }
    [[nodiscard]] Interest interest() const noexcept { return Interest{}.read(); }
    void handle() { ++calls_of_empty; }
};

// --- ownership ----------------------------------------------------------------------------------

TEST(AnySubscriber, IsOnePointerThatIsMovedAndNotCopied)  // [any.owner]
{
    static_assert(sizeof(AnySubscriber) == sizeof(void*));
    static_assert(!std::is_copy_constructible_v<AnySubscriber>);
    static_assert(!std::is_copy_assignable_v<AnySubscriber>);
    static_assert(std::is_nothrow_move_constructible_v<AnySubscriber>);
    static_assert(std::is_nothrow_move_assignable_v<AnySubscriber>);
    EXPECT_FALSE(AnySubscriber{});
}

TEST(AnySubscriber, DestroysWhatItOwnsExactlyOnce)  // [any.owner]
{
    int destroyed = 0;
    {
        auto first = AnySubscriber::make<Fixed>(7, &destroyed);
        AnySubscriber second = std::move(first);
        EXPECT_FALSE(first);  // NOLINT(bugprone-use-after-move): that is the promise
        EXPECT_TRUE(second);
        EXPECT_EQ(destroyed, 0);
    }

    EXPECT_EQ(destroyed, 1);
}

TEST(AnySubscriber, DestroysTheOldValueWhenItIsAssigned)  // [any.owner]
{
    int old_destroyed = 0;
    int new_destroyed = 0;
    auto target = AnySubscriber::make<Fixed>(7, &old_destroyed);
    auto source = AnySubscriber::make<Fixed>(8, &new_destroyed);

    target = std::move(source);

    EXPECT_EQ(old_destroyed, 1);
    EXPECT_EQ(new_destroyed, 0);
    EXPECT_EQ(target.find<Fixed>()->fd(), 8);
    EXPECT_FALSE(source);  // NOLINT(bugprone-use-after-move): that is the promise
}

TEST(AnySubscriber, KeepsItsValueWhenItIsMovedIntoItself)  // [any.owner]
{
    int destroyed = 0;
    auto owner = AnySubscriber::make<Fixed>(7, &destroyed);
    AnySubscriber& same = owner;

    owner = std::move(same);

    EXPECT_TRUE(owner);
    EXPECT_EQ(destroyed, 0);
}

TEST(AnySubscriber, DestroysTheOldValueAfterItHoldsTheNewOne)  // [any.owner]
{
    struct LooksBack {
        LooksBack(AnySubscriber& from, bool& saw) : owner{&from}, saw_new{&saw} {}
        LooksBack(const LooksBack&) = delete;
        LooksBack& operator=(const LooksBack&) = delete;
        ~LooksBack() { *saw_new = owner->find<Empty>() != nullptr; }
        [[nodiscard]] int fd() const noexcept { return 7; }
        [[nodiscard]] Interest interest() const noexcept { return {}; }
        void handle() {}
        AnySubscriber* owner;
        bool* saw_new;
    };
    bool saw_new = false;
    AnySubscriber owner;
    owner = AnySubscriber::make<LooksBack>(owner, saw_new);

    owner = AnySubscriber::make<Empty>();

    EXPECT_TRUE(saw_new);
}

TEST(AnySubscriber, FindsItsValueByTypeOnly)  // [any.owner]
{
    auto owner = AnySubscriber::make<Fixed>(7);

    ASSERT_NE(owner.find<Fixed>(), nullptr);
    EXPECT_EQ(owner.find<Fixed>(), owner.find<const Fixed>());
    EXPECT_EQ(owner.find<Fixed>()->fd(), 7);
    EXPECT_EQ(owner.find<Empty>(), nullptr);
    EXPECT_EQ(AnySubscriber{}.find<Fixed>(), nullptr);
}

// --- one allocation, any alignment --------------------------------------------------------------

template <std::size_t Align>
struct alignas(Align) AlignedSubscriber {
    std::array<unsigned char, 40> bytes{};  // not a multiple of every alignment
    bool was_aligned = false;

    AlignedSubscriber() { bytes.fill(0x5A); }
    [[nodiscard]] int fd() const noexcept { return 7; }
    [[nodiscard]] Interest interest() const noexcept { return Interest{}.read(); }
    void handle(Event /*event*/) {
        was_aligned = reinterpret_cast<std::uintptr_t>(this) % Align == 0;
        bytes.fill(0xA5);
    }
};
struct alignas(1) OneByte {
    unsigned char byte = 0x5A;
    [[nodiscard]] int fd() const noexcept { return 7; }
    [[nodiscard]] Interest interest() const noexcept { return {}; }
    void handle() { byte = 0xA5; }
};
static_assert(alignof(OneByte) == 1 && sizeof(OneByte) == 1);

template <typename T>
class ThinSubscriberAlignment : public ::testing::Test {};
using Alignments =
    ::testing::Types<AlignedSubscriber<1>, AlignedSubscriber<8>, AlignedSubscriber<16>,
                     AlignedSubscriber<32>, AlignedSubscriber<64>, AlignedSubscriber<4096>>;
TYPED_TEST_SUITE(ThinSubscriberAlignment, Alignments, );

TYPED_TEST(ThinSubscriberAlignment, IsKeptByOneAllocationForHeaderAndValue)  // [any.make]
{
    NiceMock<MockReactor> reactor;
    const auto before = allocations();
    {
        auto owner = AnySubscriber::make<TypeParam>();
        EXPECT_EQ(allocations().made, before.made + 1);

        auto* value = owner.template find<TypeParam>();
        ASSERT_NE(value, nullptr);
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(value) % alignof(TypeParam), 0U);
        EXPECT_EQ(reinterpret_cast<std::byte*>(value) -
                      reinterpret_cast<std::byte*>(detail::SlotAccess::slot_of(owner)),
                  24);
        fire(owner, Event{}, reactor);
        EXPECT_TRUE(value->was_aligned);
    }

    EXPECT_EQ(allocations().live, before.live);
}

TEST(AnySubscriber, CostsTwentyFourBytesMoreThanItsValue)  // [any.make]
{
    const auto small = AnySubscriber::make<OneByte>();
    EXPECT_EQ(allocations().last_size, 24 + sizeof(OneByte));

    const auto ordinary = AnySubscriber::make<Fixed>(7);
    EXPECT_EQ(allocations().last_size, 24 + sizeof(Fixed));

    const auto wide = AnySubscriber::make<AlignedSubscriber<64>>();
    EXPECT_EQ(allocations().last_size, 64 + sizeof(AlignedSubscriber<64>));
}

TEST(AnySubscriber, HoldsAMoveOnlyValue)  // [any.make]
{
    NiceMock<MockReactor> reactor;
    AnySubscriber owner{MoveOnly{std::make_unique<int>(7)}};

    fire(owner, Event{EPOLLOUT}, reactor);

    EXPECT_EQ(owner.find<MoveOnly>()->seen, Event{EPOLLOUT});
    EXPECT_EQ(owner.find<MoveOnly>()->fd(), 7);
}

TEST(AnySubscriber, HoldsAnEmptyValue)  // [any.make]
{
    NiceMock<MockReactor> reactor;
    AnySubscriber owner{Empty{}};
    calls_of_empty = 0;

    fire(owner, Event{}, reactor);

    EXPECT_EQ(calls_of_empty, 1);
}

TEST(AnySubscriber, ConstructsInPlaceWhatCannotBeMoved)  // [any.make]
{
    static_assert(!std::is_constructible_v<AnySubscriber, AnySubscriber&>);
    static_assert(!std::is_constructible_v<AnySubscriber, int>);

    auto owner = AnySubscriber::make<Fixed>(7);

    EXPECT_EQ(owner.find<Fixed>()->fd(), 7);
}

#if defined(__cpp_exceptions)
struct Bomb {
    explicit Bomb(bool explodes) {
        if (explodes) {
            throw std::runtime_error{"in the constructor"};
        }
    }
    [[nodiscard]] int fd() const noexcept { return 7; }
    [[nodiscard]] Interest interest() const { throw std::runtime_error{"in interest()"}; }
    void handle() {}
    std::string member{"a text that is too long to be kept inside of the string object"};
};

TEST(AnySubscriber, LeaksNothingWhenAConstructorThrows)  // [any.make]
{
    const auto live = allocations().live;

    EXPECT_THROW(static_cast<void>(AnySubscriber::make<Bomb>(true)), std::runtime_error);
    EXPECT_THROW(static_cast<void>(AnySubscriber::make<Bomb>(false)), std::runtime_error);

    EXPECT_EQ(allocations().live, live);
}

TEST(AnySubscriber, LeavesAPointerWithItsOwnerWhenInterestThrows)  // [any.adopt]
{
    const auto live = allocations().live;

    EXPECT_THROW(static_cast<void>(AnySubscriber::adopt(std::make_unique<Bomb>(false))),
                 std::runtime_error);

    EXPECT_EQ(allocations().live, live);
}
#endif

// --- adopt() and into() -------------------------------------------------------------------------

struct Shape {
    Shape() = default;
    Shape(const Shape&) = delete;
    Shape& operator=(const Shape&) = delete;
    virtual ~Shape() = default;
    [[nodiscard]] virtual int fd() const noexcept = 0;
    [[nodiscard]] virtual Interest interest() const noexcept = 0;
    virtual void handle(Event event, ReactorOps& reactor) = 0;
};
struct Circle : Shape {
    explicit Circle(int* destroyed) : destroyed_{destroyed} {}
    Circle(const Circle&) = delete;
    Circle& operator=(const Circle&) = delete;
    ~Circle() override { ++*destroyed_; }
    [[nodiscard]] int fd() const noexcept override { return 7; }
    [[nodiscard]] Interest interest() const noexcept override { return Interest{}.read(); }
    void handle(Event event, ReactorOps& /*reactor*/) override { seen = event; }
    Event seen;

private:
    int* destroyed_;
};

TEST(AnySubscriber, AdoptsAnAbstractValueWithoutMovingIt)  // [any.adopt]
{
    int destroyed = 0;
    NiceMock<MockReactor> reactor;
    auto circle = std::make_unique<Circle>(&destroyed);
    Circle* there = circle.get();
    {
        auto owner = AnySubscriber::adopt(std::unique_ptr<Shape>{std::move(circle)});
        EXPECT_EQ(owner.find<Shape>(), there);

        fire(owner, Event{EPOLLIN}, reactor);
        EXPECT_EQ(there->seen, Event{EPOLLIN});
        EXPECT_EQ(destroyed, 0);
    }

    EXPECT_EQ(destroyed, 1);
}

TEST(AnySubscriber, AdoptsNothingFromAnEmptyPointer)  // [any.adopt]
{
    EXPECT_FALSE(AnySubscriber::adopt(std::unique_ptr<Fixed>{}));
}

TEST(AnySubscriber, ReadsTheInterestOfAnAdoptedValue)  // [any.adopt]
{
    NiceMock<MockReactor> reactor;
    auto owner = AnySubscriber::adopt(std::make_unique<Fixed>(7));

    const auto name = reactor.add(owner);

    ASSERT_TRUE(name);
    EXPECT_EQ(reactor.interest_of(*name), Interest{}.read());
}

TEST(AnySubscriber, ReturnsThePointerThatWasAdopted)  // [any.into]
{
    int destroyed = 0;
    auto fixed = std::make_unique<Fixed>(7, &destroyed);
    Fixed* there = fixed.get();
    auto owner = AnySubscriber::adopt(std::move(fixed));

    const std::unique_ptr<Fixed> out = owner.into<Fixed>();

    EXPECT_EQ(out.get(), there);
    EXPECT_FALSE(owner);
    EXPECT_EQ(destroyed, 0);
}

TEST(AnySubscriber, MovesAValueThatWasMadeInPlaceIntoANewObject)  // [any.into]
{
    AnySubscriber owner{MoveOnly{std::make_unique<int>(7)}};

    const std::unique_ptr<MoveOnly> out = owner.into<MoveOnly>();

    ASSERT_NE(out, nullptr);
    EXPECT_EQ(out->fd(), 7);
    EXPECT_FALSE(owner);
}

TEST(AnySubscriber, KeepsAValueOfAnotherTypeOrThatCannotBeMoved)  // [any.into]
{
    auto owner = AnySubscriber::make<Fixed>(7);
    AnySubscriber empty;

    EXPECT_EQ(owner.into<Empty>(), nullptr);
    EXPECT_EQ(owner.into<Fixed>(), nullptr);
    EXPECT_EQ(empty.into<Empty>(), nullptr);

    EXPECT_TRUE(owner);
    EXPECT_NE(owner.find<Fixed>(), nullptr);
}

}  // namespace
}  // namespace eventp
