// SPDX-License-Identifier: MIT
//
// Handlers that are member functions of another object than the descriptor object.
#include <memory>
#include <utility>

#include <gtest/gtest.h>

#include "unit/handlers.hpp"

namespace eventp {
namespace {

using eventp::testing::fire;
using support::Door;
using support::event;

struct App {
    void on_event() { ++calls; }
    void on_everything(ReactorOps& by, RegistrationId id, Interest, Event reported, Door& door) {
        calls += &by == reactor && id.fd() == door.fd() && reported == event ? 1 : 100;
    }
    void on_const(Event reported) const noexcept { calls += reported == event ? 1 : 100; }
    void on_close(RegistrationId id, ReactorOps& ops) {
        ++calls;
        ops.remove(id);
    }
    void drop_owner() {
        owner->reset();
        ++calls;  // of an object that must still exist
    }

    mutable int calls = 0;
    ReactorOps* reactor = nullptr;
    std::shared_ptr<App>* owner = nullptr;
};
struct Derived : App {};

class MemberHandler : public support::HandlerTest {
protected:
    template <auto Function, typename Object>
    RegistrationId add(Object&& object) {
        return interest()
            .read()
            .with_fd(Door{7})
            .with_handler<Function>(std::forward<Object>(object))
            .register_into(reactor)
            .value();
    }
    template <auto Function, typename Object>
    void fire_it(Object&& object) {
        const RegistrationId id = add<Function>(std::forward<Object>(object));
        fire(id, event, reactor);
        reactor.remove(id);
    }
};

TEST_F(MemberHandler, TakesItsParametersInAnyOrder)  // [handler.member]
{
    App app{.reactor = &reactor};

    fire_it<&App::on_event>(app);
    fire_it<&App::on_everything>(app);
    fire_it<&App::on_const>(app);
    fire_it<&App::on_const>(std::as_const(app));

    EXPECT_EQ(app.calls, 4);
}

TEST_F(MemberHandler, MayBeGivenBeforeTheDescriptor)  // [handler.member] [builder.commutes]
{
    App app;
    const auto id =
        interest().read().with_handler<&App::on_event>(app).with_fd(Door{7}).register_into(reactor);

    fire(id.value(), event, reactor);

    EXPECT_EQ(app.calls, 1);
}

TEST_F(MemberHandler, TakesAPointerASharedPointerOrAWeakOne)  // [handler.member]
{
    const auto app = std::make_shared<App>();

    fire_it<&App::on_event>(app.get());
    fire_it<&App::on_event>(app);
    fire_it<&App::on_event>(std::weak_ptr<App>{app});

    EXPECT_EQ(app->calls, 3);
}

TEST_F(MemberHandler, MayBeAFunctionOfABaseClass)  // [handler.member]
{
    Derived derived;
    const auto shared = std::make_shared<Derived>();

    fire_it<&App::on_event>(derived);
    fire_it<&App::on_event>(shared);

    EXPECT_EQ(derived.calls + shared->calls, 2);
}

TEST_F(MemberHandler,
       KeepsTheObjectOfASharedPointerUntilTheSubscriberIsDestroyed) {  // [handler.member]
    auto app = std::make_shared<App>();
    const std::weak_ptr<App> alive{app};
    const RegistrationId id = add<&App::on_event>(std::move(app));

    fire(id, event, reactor);
    EXPECT_EQ(alive.lock()->calls, 1);

    reactor.remove(id);
    EXPECT_TRUE(alive.expired());
}

TEST_F(MemberHandler,
       IsRemovedByTheFirstEventAfterTheObjectOfAWeakPointerWasDestroyed) {  // [handler.member]
    auto app = std::make_shared<App>();
    const RegistrationId id = add<&App::on_event>(std::weak_ptr<App>{app});
    fire(id, event, reactor);
    EXPECT_EQ(app->calls, 1);
    EXPECT_TRUE(reactor.contains(id));

    app.reset();
    EXPECT_TRUE(reactor.contains(id));
    fire(id, event, reactor);

    EXPECT_FALSE(reactor.contains(id));
}

TEST_F(MemberHandler, KeepsTheObjectOfAWeakPointerUntilItReturns)  // [handler.member]
{
    auto app = std::make_shared<App>();
    app->owner = &app;
    const RegistrationId id = add<&App::drop_owner>(std::weak_ptr<App>{app});

    fire(id, event, reactor);

    EXPECT_EQ(app, nullptr);
    EXPECT_TRUE(reactor.contains(id));
}

TEST_F(MemberHandler, MayRemoveItsOwnSubscriber)  // [handler.member] [remove.self]
{
    auto app = std::make_shared<App>();
    const std::weak_ptr<App> alive{app};
    const RegistrationId id = add<&App::on_close>(std::move(app));

    fire(id, event, reactor);

    EXPECT_FALSE(reactor.contains(id));
    EXPECT_TRUE(alive.expired());
}

TEST_F(MemberHandler, OfANullPointerIsRefused)  // [handler.null]
{
    const auto error_of = [this](auto&& builder) {
        return std::move(builder).with_fd(Door{7}).register_into(reactor).error();
    };
    App* const none = nullptr;

    EXPECT_EQ(error_of(interest().with_handler<&App::on_event>(none)), std::errc::invalid_argument);
    EXPECT_EQ(error_of(interest().with_handler<&App::on_event>(std::shared_ptr<App>{})),
              std::errc::invalid_argument);
}

TEST_F(MemberHandler, HasTheSizeOfItsPointer)  // [handler.member]
{
    App app;
    static_assert(sizeof(detail::make_member_handler<&App::on_event>(app)) == sizeof(void*));
}

}  // namespace
}  // namespace eventp
