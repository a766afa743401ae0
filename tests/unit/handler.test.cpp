// SPDX-License-Identifier: MIT
//
// What a handler may be, and what each of its parameters receives. Every order of the parameters:
// handler_parameters.test.cpp. Handlers whose signature is not read: handler_choice.test.cpp.
#include <functional>
#include <memory>
#include <utility>

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

// --- what parameters receive ---------------------------------------------------------------------

TEST_F(Handler, ReceivesTheCurrentValueOfEachParameter)  // [handler.parameters]
{
    Door* door = nullptr;
    Event seen;
    Interest told;
    RegistrationId self;
    ReactorOps* by = nullptr;
    const auto name =
        interest()
            .read()
            .with_fd(Door{7})
            .with_handler([&](Door& d, Event e, Interest i, RegistrationId r, ReactorOps& o) {
                door = &d;
                seen = e;
                told = i;
                self = r;
                by = &o;
            })
            .register_into(reactor);
    ASSERT_TRUE(name && reactor.modify(*name, Interest{}.write()));

    fire(*name, event, reactor);

    EXPECT_EQ(door, reactor.find<Door>(*name));
    EXPECT_EQ(seen, event);
    EXPECT_EQ(told, Interest{}.write()) << "what is registered, not what was asked for at first";
    EXPECT_EQ(self, *name);
    EXPECT_EQ(by, &reactor);
}

TEST_F(Handler, TakesValuesByValueOrByReferenceAndObjectsAsConstToo)  // [handler.parameters]
{
    int calls = 0;
    fire_handler([&](const Event& e, const Interest& i, const RegistrationId& r, const Door& d,
                     const ReactorOps& o) {
        calls += e == event && i == Interest{}.read() && r.fd() == d.fd() && &o == &reactor ? 1 : 0;
    });
    fire_once(interest().read().with_fd(Door{8}).with_handler([&](Event& e, const Interest i) {
        calls += e == event && i == Interest{}.read() ? 1 : 0;
    }));

    EXPECT_EQ(calls, 2);
}

TEST_F(Handler, ReceivesTheObjectThatAPointerPointsTo)  // [fd.descriptor]
{
    Door raw{7};
    Door wrapped{8};
    auto unique = std::make_unique<Door>(9);
    auto shared = std::make_shared<Door>(10);
    Door* unique_target = unique.get();
    const Door constant{11};
    const Door* seen = nullptr;
    const auto look = [&seen](Door& door) { seen = &door; };

    fire_once(interest().with_fd(&raw).with_handler(look));
    EXPECT_EQ(seen, &raw);
    fire_once(interest().with_fd(std::ref(wrapped)).with_handler(look));
    EXPECT_EQ(seen, &wrapped);
    fire_once(interest().with_fd(std::move(unique)).with_handler(look));
    EXPECT_EQ(seen, unique_target);
    fire_once(interest().with_fd(shared).with_handler(look));
    EXPECT_EQ(seen, shared.get());
    fire_once(
        interest().with_fd(&constant).with_handler([&seen](const Door& door) { seen = &door; }));
    EXPECT_EQ(seen, &constant);
}

// --- what it may be ------------------------------------------------------------------------------

TEST_F(Handler, IsAFunctionOrAPointerToOne)  // [handler.parameters]
{
    free_calls = 0;
    fire_handler(count_call);
    fire_once(interest().with_fd(Door{8}).with_handler(&count_call));
    fire_once(interest().with_fd(Door{9}).with_handler(count_event));
    void (*const pointer)(Event) = count_event;
    fire_once(interest().with_fd(Door{10}).with_handler(pointer));

    EXPECT_EQ(free_calls, 4);
}

TEST_F(Handler, IsAFunctorWithAnyCallOperatorOfOneSignature)  // [handler.parameters]
{
    struct Plain {
        int* calls;
        void operator()(Event) { ++*calls; }
    };
    struct Const {
        int* calls;
        void operator()(ReactorOps&) const noexcept { ++*calls; }
    };
    struct Lvalue {
        int* calls;
        void operator()(Event) & { ++*calls; }
    };
    struct ConstLvalue {
        int* calls;
        void operator()() const& noexcept { ++*calls; }
    };
    int calls = 0;

    fire_handler(Plain{&calls});
    fire_once(interest().with_fd(Door{8}).with_handler(Const{&calls}));
    fire_once(interest().with_fd(Door{9}).with_handler(Lvalue{&calls}));
    fire_once(interest().with_fd(Door{10}).with_handler(ConstLvalue{&calls}));

    EXPECT_EQ(calls, 4);
}

TEST_F(Handler, KeepsItsStateFromCallToCall)  // [handler.parameters]
{
    int last = 0;
    const RegistrationId name = fire_handler([count = 0, &last]() mutable { last = ++count; });

    fire(name, event, reactor);

    EXPECT_EQ(last, 2);
}

TEST_F(Handler, MayBeMoveOnlyAndNoexcept)  // [handler.parameters]
{
    int calls = 0;
    fire_handler([owned = std::make_unique<int>(1), &calls](Event) noexcept { calls += *owned; });

    EXPECT_EQ(calls, 1);
}

TEST_F(Handler, IsAFunctionWrapperOfTheStandardLibrary)  // [handler.parameters]
{
    int calls = 0;
    const auto count = [&](Event what, ReactorOps& by) {
        calls += what == event && &by == &reactor ? 1 : 0;
    };
    std::move_only_function<void(Event, ReactorOps&)> move_only{count};
    std::move_only_function<void(Event, ReactorOps&) const> move_only_const{count};
    std::function<void(Event, ReactorOps&)> copied{count};

    fire_handler(std::move(move_only));
    fire_once(interest().with_fd(Door{8}).with_handler(std::move(move_only_const)));
    fire_once(interest().with_fd(Door{9}).with_handler(std::move(copied)));

    EXPECT_EQ(calls, 3);
}

}  // namespace
}  // namespace eventp
