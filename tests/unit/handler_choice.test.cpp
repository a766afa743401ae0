// SPDX-License-Identifier: MIT
//
// Handlers whose parameters cannot be read from one signature: they are tried, given
// explicitly, or part of the type.
#include <functional>
#include <type_traits>

#include <gtest/gtest.h>

#include "unit/handlers.hpp"

namespace eventp {
namespace {

using eventp::testing::fire;
using support::count_call;
using support::count_event;
using support::Door;
using support::event;
using support::free_calls;
using Handler = support::HandlerTest;

TEST_F(Handler, MayBeALambdaWithATemplateParameterForItsDescriptor)  // [handler.generic]
{
    int number = 0;
    fire_handler([&number]<typename D>(D& door, ReactorOps& /*reactor*/) {
        static_assert(std::is_same_v<D, Door>);
        number = door.fd();
    });

    EXPECT_EQ(number, 7);
}

TEST_F(Handler, WithOneGenericParameterReceivesTheDescriptor)  // [handler.generic]
{
    const Door* seen = nullptr;
    const RegistrationId name = fire_handler([&seen](auto& x) {
        static_assert(std::is_same_v<decltype(x), Door&>);
        seen = &x;
    });

    EXPECT_EQ(seen, reactor.find<Door>(name));
}

TEST_F(Handler, WithTwoGenericParametersReceivesDescriptorAndEvent)  // [handler.generic]
{
    Event seen;
    fire_handler([&seen](auto& door, auto what) {
        static_assert(std::is_same_v<decltype(door), Door&>);
        static_assert(std::is_same_v<decltype(what), Event>);
        seen = what;
    });

    EXPECT_EQ(seen, event);
}

TEST_F(Handler, WithThreeGenericParametersReceivesDescriptorEventAndReactor)  // [handler.generic]
{
    ReactorOps* by = nullptr;
    fire_handler([&by](auto& door, auto what, auto& ops) {
        static_assert(std::is_same_v<decltype(door), Door&>);
        static_assert(std::is_same_v<decltype(what), Event>);
        by = &ops;
    });

    EXPECT_EQ(by, &reactor);
}

TEST_F(Handler, WithTwoGenericReferencesReceivesDescriptorAndReactor)  // [handler.generic]
{
    ReactorOps* by = nullptr;
    fire_handler([&by](auto& door, auto& ops) {
        static_assert(std::is_same_v<decltype(door), Door&>);
        by = &ops;
    });

    EXPECT_EQ(by, &reactor);
}

TEST_F(Handler, WithAnyNumberOfParametersReceivesAllFive)  // [handler.generic]
{
    int calls = 0;
    fire_handler([&calls](auto&&... all) {
        static_assert(sizeof...(all) == 5);
        ++calls;
    });

    EXPECT_EQ(calls, 1);
}

TEST_F(Handler, WithOverloadsIsCalledWithTheMostParametersAndTheFirstOrder)  // [handler.generic]
{
    struct Overloaded {
        int* which;
        void operator()(Event) const { *which = 1; }
        void operator()(Event, Interest) const { *which = 2; }
        void operator()(Door&, Event) const { *which = 3; }
    };
    int which = 0;

    fire_handler(Overloaded{&which});

    EXPECT_EQ(which, 3);
}

TEST_F(Handler, FromBindFrontReceivesTheRemainingArguments)  // [handler.generic]
{
    int sum = 0;
    const auto add = [&sum](int amount, Event what) { sum += what == event ? amount : 0; };
    fire_handler(std::bind_front(add, 3));

    EXPECT_EQ(sum, 3);
}

// --- given explicitly, or part of the type -------------------------------------------------------

TEST_F(Handler, ReceivesTheParametersThatAreGivenExplicitly)  // [handler.explicit]
{
    RegistrationId self;
    Event seen;
    const auto name = interest()
                          .with_fd(Door{7})
                          .with_handler<RegistrationId, Event>([&](auto name_of_mine, auto what) {
                              static_assert(std::is_same_v<decltype(name_of_mine), RegistrationId>);
                              self = name_of_mine;
                              seen = what;
                          })
                          .register_into(reactor);
    fire(*name, event, reactor);

    EXPECT_EQ(self, *name);
    EXPECT_EQ(seen, event);
}

TEST_F(Handler, WithExplicitParametersIsChosenFromAnOverloadSet)  // [handler.explicit]
{
    struct Overloaded {
        int* which;
        void operator()(Event) const { *which = 1; }
        void operator()(Door&, Event) const { *which = 2; }
    };
    int which = 0;

    fire_once(interest().with_handler<Event>(Overloaded{&which}).with_fd(Door{7}));

    EXPECT_EQ(which, 1);
}

TEST_F(Handler, MayBeAFunctionThatIsPartOfTheType)  // [handler.static]
{
    free_calls = 0;
    fire_once(interest().with_fd(Door{7}).with_handler<count_event>());
    fire_once(interest().with_handler<&count_call>().with_fd(Door{8}));
    fire_once(interest().with_fd(Door{9}).with_handler<[](Event) { ++free_calls; }>());

    EXPECT_EQ(free_calls, 3);
}

TEST_F(Handler, MayBeAMemberFunctionOfItsDescriptorObject)  // [handler.static]
{
    const RegistrationId name =
        fire_once(interest().with_fd(Door{7}).with_handler<&Door::on_event>());
    EXPECT_EQ(reactor.find<Door>(name)->seen, event);
    EXPECT_EQ(reactor.find<Door>(name)->reactor, &reactor);

    const RegistrationId by_const =
        fire_once(interest().with_fd(Door{8}).with_handler<&Door::on_const>());
    EXPECT_EQ(*reactor.find<Door>(by_const)->const_calls, 1);

    Door pointed{9};
    const RegistrationId by_pointer =
        fire_once(interest().with_handler<&Door::on_lvalue>().with_fd(&pointed));
    EXPECT_EQ(pointed.registration, by_pointer);
}

TEST_F(Handler, MayBeAMemberFunctionThatIsNotPartOfTheType)  // [handler.parameters]
{
    void (Door::*by_event)(Event, ReactorOps&) = &Door::on_event;
    const RegistrationId name = fire_once(interest().with_fd(Door{7}).with_handler(by_event));
    EXPECT_EQ(reactor.find<Door>(name)->seen, event);
    EXPECT_EQ(reactor.find<Door>(name)->reactor, &reactor);

    Door pointed{8};
    fire_once(interest().with_fd(&pointed).with_handler(&Door::on_const));
    EXPECT_EQ(*pointed.const_calls, 1);
}

#if defined(__clang__)                             // GCC has these from version 14 on
TEST_F(Handler, MayHaveAnExplicitObjectParameter)  // [handler.generic]
{
    struct Counting {
        int* calls;
        void operator()(this Counting& self, Event what) {  // NOLINT: P0847 is what this is about
            *self.calls += what == event ? 1 : 0;
        }
    };
    int calls = 0;

    fire_handler(Counting{&calls});

    EXPECT_EQ(calls, 1);
}
#endif

struct FrontDoor : Door {
    using Door::Door;
};

TEST_F(Handler, MayBeAMemberFunctionOfABaseOfItsDescriptorObject)  // [handler.static]
{
    const RegistrationId name =
        fire_once(interest().with_fd(FrontDoor{7}).with_handler<&Door::on_event>());

    EXPECT_EQ(reactor.find<FrontDoor>(name)->seen, event);
}

TEST_F(Handler, ThatIsPartOfTheTypeOccupiesNoMemory)  // [handler.static]
{
    using Slim = FdSubscriber<Door, StaticHandler<&count_event>>;
    struct Parts {
        Door door;
        Interest interest;
    };

    static_assert(sizeof(Slim) == sizeof(Parts));
    SUCCEED();
}

}  // namespace
}  // namespace eventp
