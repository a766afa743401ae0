// SPDX-License-Identifier: MIT
#include <eventp/detail/timer_handler.hpp>

#include <array>
#include <functional>
#include <memory>
#include <unordered_set>

#include <gtest/gtest.h>

#include <eventp/testing/mock_reactor.hpp>

#include "support/allocations.hpp"

namespace eventp::support {
namespace {

using testing::MockReactor;

constexpr TimerId some_id{3, 5};

void call(detail::TimerHandler& handler, std::uint64_t count = 1) {
    ::testing::NiceMock<MockReactor> reactor;
    EXPECT_TRUE(handler(some_id, Expirations{count}, reactor));
}

template <typename F>
void call_as_handler(F&& function) {
    detail::TimerHandler handler;
    handler.emplace(std::forward<F>(function));
    call(handler, 7);
}

bool function_called = false;
void plain_function(TimerId id) {
    function_called = id == some_id;
}

struct Overloaded {
    void operator()(TimerId id, Expirations expirations) const {
        *called = id == some_id && expirations.count() == 7;
    }
    void operator()(TimerId) const {}
    bool* called;
};

TEST(TimerHandler, ReceivesItsParametersInAnyOrder) {  // [timer.parameters]
    int calls = 0;
    const auto check = [&](TimerId id, Expirations expirations) {
        calls += id == some_id && expirations.count() == 7 && expirations.missed() == 6 ? 1 : 0;
    };

    call_as_handler([&] { ++calls; });
    call_as_handler([&](const TimerId& id) { check(id, Expirations{7}); });
    call_as_handler([&](Expirations expirations) { check(some_id, expirations); });
    call_as_handler([&](ReactorOps& ops) { calls += ops.contains(BorrowedFd{0}) ? 0 : 1; });
    call_as_handler([&](ReactorOps&, Expirations e, TimerId id) noexcept { check(id, e); });
    call_as_handler([&](Expirations e, const ReactorOps&, TimerId id) mutable { check(id, e); });

    EXPECT_EQ(calls, 6);
}

TEST(TimerHandler, MayBeAFunctionOrHaveSeveralCallOperators) {  // [timer.parameters]
    bool overload_called = false;
    int generic_arguments = 0;

    call_as_handler(plain_function);
    call_as_handler(Overloaded{&overload_called});
    call_as_handler([&](auto&&... arguments) { generic_arguments = sizeof...(arguments); });

    EXPECT_TRUE(function_called);
    EXPECT_TRUE(overload_called);
    EXPECT_EQ(generic_arguments, 3);
}

TEST(TimerHandler, MayBeAMemberFunctionOfTheReactor) {  // [timer.parameters]
    detail::TimerHandler handler;
    handler.emplace(&ReactorOps::stop);
    ::testing::NiceMock<MockReactor> reactor;
    EXPECT_CALL(reactor, stop);

    EXPECT_TRUE(handler(some_id, Expirations{1}, reactor));
}

TEST(TimerHandler, MayBeMoveOnlyAndIsDestroyedOnce) {  // [timer.parameters]
    auto owned = std::make_shared<int>(0);
    const std::weak_ptr<int> watched = owned;
    {
        detail::TimerHandler handler;
        handler.emplace(
            [owned = std::move(owned), unique = std::make_unique<int>(2)] { *owned += *unique; });
        call(handler);
        EXPECT_EQ(*watched.lock(), 2);
        handler.reset();
        EXPECT_TRUE(watched.expired());
    }
}

TEST(TimerHandler, OfFourWordsIsStoredWithoutAnAllocation) {  // [timer.small]
    const std::array<void*, 4> four{};
    const std::array<void*, 5> five{};
    int calls = 0;

    const std::size_t before = allocations().made;
    detail::TimerHandler small;
    small.emplace([&calls, a = four[0], b = four[1], c = four[2]] {
        calls += a == nullptr && b == nullptr && c == nullptr ? 1 : 100;
    });
    const std::size_t between = allocations().made;
    detail::TimerHandler large;
    large.emplace([&calls, five] { calls += five[0] == nullptr ? 1 : 100; });
    const std::size_t after = allocations().made;

    EXPECT_EQ(between, before);
    EXPECT_EQ(after, between + 1);
    call(small);
    call(large);
    EXPECT_EQ(calls, 2);
}

TEST(TimerId, ComparesAndHashesByBothHalves) {  // [timer.stale]
    const std::unordered_set<TimerId> ids{TimerId{1, 2}, TimerId{1, 3}, TimerId{2, 2},
                                          TimerId{1, 2}};

    EXPECT_EQ(ids.size(), 3U);
    EXPECT_NE(TimerId{}, some_id);
    EXPECT_EQ(some_id.index(), 3U);
    EXPECT_EQ(some_id.generation(), 5U);
}

}  // namespace
}  // namespace eventp::support
