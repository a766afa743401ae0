// SPDX-License-Identifier: MIT
//
// A device in a real reactor: which function is called, and registering it as a whole.
#include <eventp/device.hpp>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/eventfd.h>
#include <unistd.h>

#include "support/files.hpp"
#include "support/source.hpp"
#include "support/trio.hpp"

namespace eventp::support {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

// --- which function is called -------------------------------------------------------------------

TEST(Device, CallsTheMemberFunctionOfTheDescriptorThatIsReady) {  // [device.handlers]
    Reactor reactor;
    TrioLog log;
    const auto names = trio.register_into(reactor, log);
    ASSERT_TRUE(names);
    Trio& device = *reactor.find<Trio>((*names)[0]);

    signal(device.b);
    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_THAT(log.calls, ElementsAre("b"));

    device.signal_all();
    EXPECT_EQ(poll(reactor), 3U);
    log.calls.erase(log.calls.begin());
    EXPECT_THAT(log.calls, UnorderedElementsAre("a", "b", "c"));
}

/// Stores the arguments of its member functions.
struct Curious {
    OwnedFd plain = make_eventfd(1);
    std::unique_ptr<OwnedFd> pointed = std::make_unique<OwnedFd>(make_eventfd(1));
    std::array<OwnedFd, 2> queues{make_eventfd(1), make_eventfd(1)};
    OwnedFd hidden = make_eventfd(1);
    int calls = 0;
    mutable int const_calls = 0;
    Event event;
    Interest interest;
    RegistrationId name;
    ReactorOps* reactor = nullptr;

    [[nodiscard]] BorrowedFd borrowed() const { return BorrowedFd{hidden.fd()}; }

    void on_plain(Event reported, ReactorOps& by, OwnedFd& fd, RegistrationId own, Interest asked) {
        EXPECT_EQ(&fd, &plain);
        event = reported;
        reactor = &by;
        name = own;
        interest = asked;
        ++calls;
    }
    void on_pointed(const OwnedFd& fd) const noexcept {
        EXPECT_EQ(&fd, pointed.get());
        ++const_calls;
    }
    template <std::size_t I>
    void on_queue(OwnedFd& fd) noexcept {
        EXPECT_EQ(&fd, &queues[I]);
        ++calls;
    }
    void on_borrowed(const BorrowedFd& fd) {
        EXPECT_EQ(fd.fd(), hidden.fd());
        ++calls;
    }
};

TEST(Device, CallsAMemberFunctionWithItsParameters) {  // [device.handlers]
    Reactor reactor;
    const auto names =
        device<Curious>()
            .watch<&Curious::plain, &Curious::on_plain>(interest().read().edge_triggered())
            .watch<&Curious::pointed, &Curious::on_pointed>(reading)
            .watch<[](Curious& x) -> OwnedFd& { return x.queues[0]; }, &Curious::on_queue<0>>(
                reading)
            .watch<[](Curious& x) -> OwnedFd& { return x.queues[1]; }, &Curious::on_queue<1>>(
                reading)
            .watch<&Curious::borrowed, &Curious::on_borrowed>(reading)
            .register_into(reactor);
    ASSERT_TRUE(names);

    EXPECT_EQ(poll(reactor), 5U);

    const Curious& device = *reactor.find<Curious>((*names)[4]);
    EXPECT_EQ(device.calls, 4);
    EXPECT_EQ(device.const_calls, 1);
    EXPECT_EQ(device.event, Event{EPOLLIN});
    EXPECT_EQ(device.interest, reading_edges);
    EXPECT_EQ(device.name, (*names)[0]);
    EXPECT_EQ(device.reactor, &reactor);
}

struct Base {
    OwnedFd file = make_eventfd(1);
    int calls = 0;
    void on_file() { ++calls; }
};
struct Other {
    virtual ~Other() = default;
    int value = 7;
};
struct Derived : Other, Base {};

TEST(Device, MayInheritItsDescriptorsAndMemberFunctions) {  // [device.handlers]
    Reactor reactor;
    const auto names =
        device<Derived>().watch<&Derived::file, &Derived::on_file>(reading).register_into(reactor);
    ASSERT_TRUE(names);

    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(reactor.find<Derived>((*names)[0])->calls, 1);
}

TEST(Device, IsFoundUnderEachOfItsIdsAndByNoOtherType) {  // [find]
    Reactor reactor;
    TrioLog log;
    auto device = trio.build(log);
    Trio* const where = &*device;
    const auto names = device.add_to(reactor);
    ASSERT_TRUE(names);

    EXPECT_FALSE(device);
    for (const RegistrationId name : *names) {
        EXPECT_EQ(reactor.find<Trio>(name), where);
        EXPECT_EQ(reactor.find<const Trio>(name), where);
        EXPECT_EQ(reactor.find<OwnedFd>(name), nullptr);
    }
}

TEST(Device, HasAnInterestForEachDescriptor) {  // [device.handlers]
    Reactor reactor;
    TrioLog log;
    auto shape = device<Trio>()
                     .watch<&Trio::a, &Trio::on_a>(reading)
                     .watch<&Trio::b, &Trio::on_b>(reading_once)
                     .watch<&Trio::c, &Trio::on_c>(nothing);
    const auto names = shape.register_into(reactor, log);
    ASSERT_TRUE(names);
    reactor.find<Trio>((*names)[0])->signal_all();

    EXPECT_EQ(poll(reactor), 2U);
    EXPECT_EQ(poll(reactor), 1U);  // b has fired, c is paused
    ASSERT_TRUE(reactor.modify((*names)[0], nothing));
    ASSERT_TRUE(reactor.modify((*names)[2], reading));
    EXPECT_EQ(poll(reactor), 1U);

    EXPECT_EQ(std::ranges::count(log.calls, "a"), 2);
    EXPECT_EQ(std::ranges::count(log.calls, "b"), 1);
    EXPECT_EQ(std::ranges::count(log.calls, "c"), 1);
}

// --- all or nothing -----------------------------------------------------------------------------

/// How the third descriptor of a Trio is made one that cannot be registered.
struct Fault {
    const char* name;
    std::errc error;
    void (*cause)(Trio& device);
};
const std::array faults{
    Fault{"Closed", std::errc::bad_file_descriptor, [](Trio& device) { device.c.reset(); }},
    Fault{"RegularFile", std::errc::operation_not_permitted,
          [](Trio& device) { device.c = open_file("/proc/self/exe"); }},
    Fault{"NumberOfAnother", std::errc::file_exists,
          [](Trio& device) { device.c.reset(device.a.fd()); }},
};

class DeviceFault : public ::testing::TestWithParam<Fault> {
protected:
    static void repair(Trio& device) {
        if (device.c.fd() == device.a.fd()) {
            static_cast<void>(device.c.release());
        }
        device.c = make_eventfd();
    }
};

TEST_P(DeviceFault, OfTheLastDescriptorUnregistersTheOthers) {  // [device.all_or_nothing]
    Reactor reactor;
    TrioLog log;
    auto device = trio.build(log);
    Trio* const where = &*device;
    signal(where->a);
    GetParam().cause(*where);

    EXPECT_EQ(error_of(device.add_to(reactor)), GetParam().error);

    EXPECT_EQ(&*device, where);
    EXPECT_EQ(log.destroyed, 0);
    EXPECT_EQ(reactor.stats().registered, 0U);
    EXPECT_FALSE(reactor.contains(where->a));
    EXPECT_EQ(poll(reactor), 0U);
    EXPECT_THAT(log.calls, IsEmpty());

    repair(*where);
    const auto names = device.add_to(reactor);
    ASSERT_TRUE(names);
    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(reactor.find<Trio>((*names)[2]), where);
}

TEST_P(DeviceFault, InRegisterIntoDestroysTheDevice) {  // [device.register] [device.all_or_nothing]
    Reactor reactor;
    TrioLog log;
    log.on_destroy = [&] { EXPECT_EQ(reactor.stats().registered, 0U); };
    struct Faulty : Trio {
        explicit Faulty(TrioLog& to) : Trio{to} { GetParam().cause(*this); }
        ~Faulty() {
            if (c.fd() == a.fd()) {
                static_cast<void>(c.release());
            }
        }
    };
    const auto shape = device<Faulty>()
                           .watch<&Faulty::a, &Faulty::on_a>(reading)
                           .watch<&Faulty::b, &Faulty::on_b>(reading)
                           .watch<&Faulty::c, &Faulty::on_c>(reading);

    EXPECT_EQ(error_of(shape.register_into(reactor, log)), GetParam().error);
    EXPECT_EQ(log.destroyed, 1);
}

INSTANTIATE_TEST_SUITE_P(OfTheThird, DeviceFault, ::testing::ValuesIn(faults),
                         [](const auto& one) { return std::string{one.param.name}; });

TEST(Device, IsUnregisteredInAHandlerToo) {  // [device.all_or_nothing]
    Reactor reactor;
    TrioLog log;
    auto device = trio.build(log);
    Trio* const where = &*device;
    where->signal_all();
    where->c.reset();
    Source source{reading, [&](Source&, ReactorOps& ops) {
                      EXPECT_EQ(error_of(device.add_to(ops)), std::errc::bad_file_descriptor);
                      EXPECT_EQ(log.destroyed, 0);
                      EXPECT_EQ(ops.remove(where->a), false);
                  }};
    source.add_to(reactor);
    source.signal();

    EXPECT_EQ(poll(reactor), 1U);
    source.drain();
    EXPECT_EQ(poll(reactor), 0U);
    EXPECT_TRUE(device);
    EXPECT_EQ(reactor.stats().registered, 1U);
}

TEST(Device, IsUnregisteredFromADescriptorThatTheQuarantineHolds) {  // [device.all_or_nothing]
    Reactor reactor;
    TrioLog log;
    auto device = trio.build(log);
    Trio* const where = &*device;

    // A removed subscriber whose closed descriptor lives on in a duplicate holds the number of a.
    Source closed;
    const OwnedFd kept = duplicate(closed.fd());
    closed.add_to(reactor);
    ASSERT_GE(::dup2(where->a.fd(), closed.fd()), 0);
    where->a = std::move(closed.file);
    ASSERT_TRUE(reactor.remove(closed.name));
    ASSERT_EQ(reactor.stats().quarantined, 1U);

    where->signal_all();
    where->c.reset();
    Source source{reading, [&](Source&, ReactorOps& ops) {
                      EXPECT_EQ(error_of(device.add_to(ops)), std::errc::bad_file_descriptor);
                      EXPECT_FALSE(ops.contains(where->a));
                      where->c = make_eventfd(1);
                      EXPECT_TRUE(device.add_to(ops));
                  }};
    source.add_to(reactor);
    source.signal();

    EXPECT_EQ(poll(reactor), 1U);
    source.drain();
    EXPECT_EQ(poll(reactor), 3U);
    EXPECT_THAT(log.calls, UnorderedElementsAre("a", "b", "c"));
    EXPECT_EQ(log.destroyed, 0);

    EXPECT_EQ(reactor.find<Trio>(where->b), where);
    where->remove_all(reactor);
    EXPECT_EQ(log.destroyed, 1);
}

TEST(Device, ThatIsEmptyIsRefused) {  // [device.all_or_nothing]
    Reactor reactor;
    TrioLog log;
    auto device = trio.build(log);
    auto moved = std::move(device);

    // NOLINTNEXTLINE(bugprone-use-after-move): that is the case.
    EXPECT_EQ(error_of(device.add_to(reactor)), std::errc::invalid_argument);
    EXPECT_TRUE(moved.add_to(reactor));
    EXPECT_EQ(error_of(moved.add_to(reactor)), std::errc::invalid_argument);
}

}  // namespace
}  // namespace eventp::support
