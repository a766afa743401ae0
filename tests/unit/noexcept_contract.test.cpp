// SPDX-License-Identifier: MIT
//
// noexcept is part of a contract here, not an optimisation: what is asserted below may be called
// where an exception would lose an event or a descriptor. What may run out of memory is not
// noexcept, and says so.
#include <type_traits>
#include <utility>

#include <gtest/gtest.h>

#include <eventp/eventp.hpp>

namespace eventp {
namespace {

TEST(NoexceptContract, ValuesAreMadeCopiedAndComparedWithoutThrowing) {
    static_assert(std::is_nothrow_default_constructible_v<Interest>);
    static_assert(std::is_nothrow_copy_constructible_v<Interest>);
    static_assert(noexcept(Interest{}.read().is_valid()));
    static_assert(noexcept(Interest{} == Interest{}));
    static_assert(std::is_nothrow_default_constructible_v<Event>);
    static_assert(std::is_nothrow_copy_constructible_v<Event>);
    static_assert(noexcept(Event{}.is_readable()));
    static_assert(std::is_nothrow_default_constructible_v<RegistrationId>);
    static_assert(std::is_nothrow_copy_constructible_v<RegistrationId>);
    static_assert(noexcept(RegistrationId{} == RegistrationId{}));
    static_assert(noexcept(std::hash<RegistrationId>{}(RegistrationId{})));
    static_assert(std::is_nothrow_constructible_v<RegistrationKey, RegistrationId>);
    SUCCEED();
}

TEST(NoexceptContract, OwnersAreMovedAndDestroyedWithoutThrowing) {
    static_assert(std::is_nothrow_move_constructible_v<OwnedFd>);
    static_assert(std::is_nothrow_move_assignable_v<OwnedFd>);
    static_assert(std::is_nothrow_destructible_v<OwnedFd>);
    static_assert(noexcept(std::declval<OwnedFd&>().reset(7)));
    static_assert(noexcept(std::declval<OwnedFd&>().release()));
    static_assert(std::is_nothrow_move_constructible_v<AnySubscriber>);
    static_assert(std::is_nothrow_move_assignable_v<AnySubscriber>);
    static_assert(std::is_nothrow_destructible_v<AnySubscriber>);
    static_assert(std::is_nothrow_destructible_v<Reactor>);
    SUCCEED();
}

TEST(NoexceptContract, StopNeverThrowsAndStatsNeither) {
    static_assert(noexcept(std::declval<ReactorOps&>().stop()));
    static_assert(noexcept(std::declval<Reactor&>().stop()));
    static_assert(noexcept(std::declval<const Reactor&>().stats()));
    SUCCEED();
}

TEST(NoexceptContract, WhatMayRunOutOfMemoryOrCallAHandlerMayThrow) {
    static_assert(!noexcept(std::declval<ReactorOps&>().add(std::declval<AnySubscriber&>())));
    static_assert(!noexcept(std::declval<ReactorOps&>().requeue(std::declval<RegistrationKey>())));
    static_assert(!noexcept(std::declval<Reactor&>().run_once()));
    static_assert(!noexcept(std::declval<Reactor&>().close_and_extract()));
    SUCCEED();
}

TEST(NoexceptContract, AReactorIsNeitherCopiedNorMovedNorDestroyedAsReactorOps) {
    static_assert(!std::is_copy_constructible_v<Reactor> && !std::is_move_constructible_v<Reactor>);
    static_assert(!std::is_copy_assignable_v<Reactor> && !std::is_move_assignable_v<Reactor>);
    static_assert(!std::is_destructible_v<ReactorOps>);
    static_assert(!std::is_copy_assignable_v<ReactorOps>);
    SUCCEED();
}

}  // namespace
}  // namespace eventp
