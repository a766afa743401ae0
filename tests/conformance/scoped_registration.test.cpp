// SPDX-License-Identifier: MIT
//
// ScopedRegistration and WeakReactor: handles that may outlive their reactor.
#include <eventp/scoped_registration.hpp>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include <gtest/gtest.h>

#include <eventp/eventp.hpp>
#include <eventp/testing/fire.hpp>
#include <eventp/testing/mock_reactor.hpp>

#include "support/children.hpp"
#include "support/forks.hpp"
#include "support/source.hpp"

namespace eventp::support {
namespace {

static_assert(std::is_nothrow_move_constructible_v<ScopedRegistration>);
static_assert(std::is_nothrow_move_assignable_v<ScopedRegistration>);
static_assert(!std::is_copy_constructible_v<ScopedRegistration>);

// --- WeakReactor --------------------------------------------------------------------------------

TEST(WeakReactor, IsNullAfterTheReactorWasDestroyedInAnyOrderOfDestruction) {  // [weak_reactor]
    // 0 to 3: a WeakReactor is destroyed; 4: the reactor.
    std::array order{0, 1, 2, 3, 4};
    do {
        std::optional<Reactor> reactor{std::in_place};
        std::array<std::optional<WeakReactor>, 4> weak;
        weak[0].emplace(*reactor);
        weak[1].emplace(*weak[0]);
        weak[2].emplace();
        weak[2] = *weak[1];
        weak[3].emplace(*reactor);
        for (const int next : order) {
            for (const auto& each : weak) {
                ASSERT_TRUE(!each || each->get() == (reactor ? &*reactor : nullptr));
            }
            if (next == 4) {
                reactor.reset();
            } else {
                weak.at(static_cast<std::size_t>(next)).reset();
            }
        }
    } while (std::ranges::next_permutation(order).found);
}

TEST(WeakReactor, PointsToTheReactorThatItWasAssigned) {  // [weak_reactor]
    Reactor first;
    std::optional<Reactor> second{std::in_place};
    WeakReactor weak{first};
    const WeakReactor other{*second};

    weak = other;
    EXPECT_EQ(weak.get(), &*second);
    weak = *&weak;
    EXPECT_EQ(weak.get(), &*second);
    second.reset();
    EXPECT_EQ(weak.get(), nullptr);
    weak = WeakReactor{first};
    EXPECT_EQ(weak.get(), &first);
    weak = {};
    EXPECT_EQ(weak.get(), nullptr);
}

TEST(WeakReactor, IsNotNullInTheDestructorsOfTheSubscribers) {  // [weak_reactor]
    std::optional<Reactor> reactor{std::in_place};
    const WeakReactor weak{*reactor};
    Source source;
    ReactorOps* seen = nullptr;
    source.on_destroy = [&] { seen = weak.get(); };
    source.add_to(*reactor);

    reactor.reset();

    EXPECT_NE(seen, nullptr);
    EXPECT_EQ(weak.get(), nullptr);
}

TEST(WeakReactor, PointsToAMock) {  // [weak_reactor]
    std::optional<::testing::NiceMock<testing::MockReactor>> mock{std::in_place};
    const WeakReactor weak{*mock};
    EXPECT_EQ(weak.get(), &*mock);

    mock.reset();

    EXPECT_EQ(weak.get(), nullptr);
}

// --- ScopedRegistration -------------------------------------------------------------------------

TEST(ScopedRegistration, RemovesItsSubscriberWhenItIsDestroyed) {  // [scoped]
    Reactor reactor;
    Source source;
    {
        const ScopedRegistration scoped{reactor, source.add_to(reactor)};
        EXPECT_EQ(scoped.id(), source.name);
        EXPECT_TRUE(scoped.is_registered());
    }

    EXPECT_FALSE(reactor.contains(source.name));
    EXPECT_EQ(source.destroyed, 1);
}

TEST(ScopedRegistration, MayOutliveItsReactor) {  // [scoped]
    std::optional<Reactor> reactor{std::in_place};
    Source source;
    ScopedRegistration scoped{*reactor, source.add_to(*reactor)};

    reactor.reset();

    EXPECT_EQ(source.destroyed, 1);
    EXPECT_FALSE(scoped.is_registered());
    EXPECT_FALSE(scoped.reset());
}

TEST(ScopedRegistration, IsMoved) {  // [scoped]
    Reactor reactor;
    Source first;
    Source second;
    ScopedRegistration one{reactor, first.add_to(reactor)};
    ScopedRegistration two{reactor, second.add_to(reactor)};

    ScopedRegistration moved{std::move(one)};
    EXPECT_EQ(first.destroyed, 0);
    EXPECT_TRUE(moved.is_registered());
    EXPECT_FALSE(one.is_registered());  // NOLINT(bugprone-use-after-move): that is tested here

    moved = std::move(two);
    EXPECT_EQ(first.destroyed, 1);
    EXPECT_EQ(second.destroyed, 0);
    EXPECT_EQ(moved.id(), second.name);
    moved = ScopedRegistration{};
    EXPECT_EQ(second.destroyed, 1);
}

TEST(ScopedRegistration, ReleasesItsSubscriber) {  // [scoped]
    Reactor reactor;
    Source source;
    {
        ScopedRegistration scoped{reactor, source.add_to(reactor)};
        EXPECT_EQ(scoped.release(), source.name);
        EXPECT_FALSE(scoped.is_registered());
        EXPECT_EQ(scoped.id(), RegistrationId{});
    }

    EXPECT_TRUE(reactor.contains(source.name));
}

TEST(ScopedRegistration, DoesNothingIfTheSubscriberWasRemovedOrExtracted) {  // [scoped]
    Reactor reactor;
    Source removed;
    Source extracted;
    AnySubscriber alive;
    {
        const ScopedRegistration first{reactor, removed.add_to(reactor)};
        const ScopedRegistration second{reactor, extracted.add_to(reactor)};
        EXPECT_TRUE(reactor.remove(removed));
        removed.add_to(reactor);  // under the same descriptor, and not under the same id
        alive = reactor.extract(extracted);
    }

    EXPECT_TRUE(reactor.contains(removed.name));
    EXPECT_EQ(extracted.destroyed, 0);
}

TEST(ScopedRegistration, MayBeOwnedByTheHandlerOfItsOwnSubscriber) {  // [scoped]
    const auto scoped = std::make_shared<ScopedRegistration>();
    const std::weak_ptr<ScopedRegistration> alive{scoped};
    Reactor reactor;
    const auto id = interest()
                        .read()
                        .with_fd(make_eventfd(1))
                        .with_handler([owned = scoped] { owned->reset(); })
                        .register_into(reactor);
    *scoped = ScopedRegistration{reactor, id.value()};

    EXPECT_EQ(poll(reactor), 1U);

    EXPECT_EQ(reactor.size(), 0U);
    EXPECT_EQ(alive.use_count(), 1);
}

TEST(ScopedRegistration, IsDestroyedInTheHandlerOfAnother) {  // [scoped] [remove.other]
    Reactor reactor;
    Source other;
    std::optional<ScopedRegistration> scoped{std::in_place, reactor, other.add_to(reactor)};
    Source source{reading, [&](Source&, ReactorOps&) {
                      scoped.reset();
                      EXPECT_EQ(other.destroyed, 0);
                  }};
    source.add_to(reactor);
    source.signal();

    EXPECT_EQ(poll(reactor), 1U);

    EXPECT_EQ(other.destroyed, 1);
}

TEST(ScopedRegistration, DoesNotAffectTheParentWhenAForkedChildDestroysIt) {
    // [scoped] [fork.guard]
    Reactor reactor;
    Source source;
    ScopedRegistration scoped{reactor, source.add_to(reactor)};
    source.signal();

    EXPECT_TRUE(holds_in_child([&] { return !scoped.reset(); }, Fork::fork));

    EXPECT_EQ(poll(reactor), 1U);
}

TEST(ScopedRegistration, RemovesTheSubscriberOfAMock) {  // [scoped]
    ::testing::NiceMock<testing::MockReactor> mock;
    const auto id =
        interest().read().with_fd(BorrowedFd{7}).with_handler([] {}).register_into(mock);
    EXPECT_CALL(mock, remove(RegistrationKey{id.value()}));
    {
        const ScopedRegistration scoped{mock, id.value()};
    }
    EXPECT_EQ(mock.size(), 0U);
}

// --- members that are assigned later ------------------------------------------------------------

TEST(DefaultConstructed, TimersRefuseToArm) {  // [timer.empty]
    Reactor reactor;
    Timers timers;
    EXPECT_EQ(error_of(timers.after(std::chrono::seconds{1}, [] {})), std::errc::broken_pipe);
    EXPECT_FALSE(timers.cancel(TimerId{}));
    EXPECT_EQ(timers.size(), 0U);

    timers = Timers::create(reactor).value();

    EXPECT_TRUE(timers.after(std::chrono::seconds{1}, [] {}));
}

TEST(DefaultConstructed, SignalSetsHaveNoSignals) {  // [signal.empty]
    SignalSet set;
    EXPECT_EQ(set.fd(), -1);
    EXPECT_FALSE(set.next());

    set = SignalSet::create({SIGUSR1}).value();

    EXPECT_GE(set.fd(), 0);
}

TEST(DefaultConstructed, ChildProcessesHaveNoChild) {  // [child.empty]
    ChildProcess child;
    EXPECT_EQ(child.fd(), -1);
    EXPECT_EQ(child.pid(), -1);
    EXPECT_FALSE(child.status());
    EXPECT_EQ(error_of(child.kill(SIGTERM)), std::errc::no_such_process);
    EXPECT_EQ(error_of(child.wait()), std::errc::no_child_process);

    child = ChildProcess::spawn(shell("exit 3")).value();

    EXPECT_EQ(child.wait().value(), ExitStatus::exited(3));
}

}  // namespace
}  // namespace eventp::support
