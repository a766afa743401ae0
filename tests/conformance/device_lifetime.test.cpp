// SPDX-License-Identifier: MIT
//
// When a device is destroyed, and what keeps it.
#include <array>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/eventfd.h>
#include <unistd.h>

#include <eventp/device.hpp>

#include "support/files.hpp"
#include "support/forks.hpp"
#include "support/source.hpp"
#include "support/trio.hpp"

namespace eventp::support {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

class DeviceLifetime : public ::testing::Test {
protected:
    /// A Trio whose three descriptors are ready; its member functions do `then`.
    Trio& add(Trio::Action then = {}) {
        auto device = trio.build(log);
        Trio& object = *device;
        object.then = std::move(then);
        object.signal_all();
        const auto added = device.add_to(*reactor);
        EXPECT_EQ(error_of(added), std::error_code{});
        names = added.value();
        return object;
    }

    TrioLog log;
    std::optional<Reactor> reactor{std::in_place};
    std::array<RegistrationId, 3> names;
};

TEST_F(DeviceLifetime, EndsWithTheLastRegistration) {  // [device.lifetime]
    add();

    EXPECT_TRUE(reactor->remove(names[1]));
    EXPECT_TRUE(reactor->remove(names[0]));
    EXPECT_EQ(log.destroyed, 0);
    EXPECT_EQ(poll(*reactor), 1U);
    EXPECT_THAT(log.calls, ElementsAre("c"));

    EXPECT_TRUE(reactor->remove(names[2]));
    EXPECT_EQ(log.destroyed, 1);
}

TEST_F(DeviceLifetime, ContinuesWhenAMemberFunctionRemovesItself) {  // [device.lifetime]
    Trio& device = add([&](Trio& self, ReactorOps& ops) {
        const OwnedFd& own = log.calls.back() == "a"   ? self.a
                             : log.calls.back() == "b" ? self.b
                                                       : self.c;
        EXPECT_TRUE(ops.remove(own));
        EXPECT_FALSE(ops.remove(own));
        EXPECT_EQ(log.destroyed, 0);
    });
    ASSERT_TRUE(reactor->modify(device.a, nothing));

    EXPECT_EQ(poll(*reactor), 2U);
    EXPECT_EQ(log.destroyed, 0);

    ASSERT_TRUE(reactor->modify(device.a, reading));
    EXPECT_EQ(poll(*reactor), 1U);
    EXPECT_EQ(log.destroyed, 1);
}

TEST_F(DeviceLifetime, ContinuesWhenAMemberFunctionRemovesAnother) {  // [device.lifetime]
    add([&](Trio& self, ReactorOps& ops) {
        for (const auto& [who, fd] : {std::pair{"a", &self.a}, {"b", &self.b}, {"c", &self.c}}) {
            if (log.calls.back() != who) {
                ops.remove(*fd);
            }
        }
    });

    EXPECT_EQ(poll(*reactor), 1U);  // the first of the batch; the others' events are dropped
    EXPECT_EQ(poll(*reactor), 1U);
    EXPECT_EQ(log.calls[0], log.calls[1]);
    EXPECT_EQ(reactor->stats().registered, 1U);
    EXPECT_EQ(log.destroyed, 0);
}

TEST_F(DeviceLifetime, EndsAfterTheMemberFunctionThatRemovesAll) {  // [device.lifetime]
    bool returning = false;
    log.on_destroy = [&] { EXPECT_TRUE(returning); };
    add([&](Trio& self, ReactorOps& ops) {
        self.remove_all(ops);
        EXPECT_EQ(log.destroyed, 0);
        EXPECT_TRUE(is_open(self.a.fd()));
        returning = true;
    });

    EXPECT_EQ(poll(*reactor), 1U);
    EXPECT_THAT(log.calls, SizeIs(1));
    EXPECT_EQ(log.destroyed, 1);
    EXPECT_EQ(reactor->stats().registered, 0U);
}

TEST_F(DeviceLifetime, EndsAfterTheMemberFunctionThatRemovesAllAtOnce) {  // [remove.now]
    add([&](Trio& self, ReactorOps& ops) {
        EXPECT_TRUE(ops.remove_now(self.b));
        EXPECT_TRUE(ops.remove_now(self.a));
        EXPECT_TRUE(ops.remove_now(self.c));
        EXPECT_EQ(log.destroyed, 0);
    });

    EXPECT_EQ(poll(*reactor), 1U);
    EXPECT_EQ(log.destroyed, 1);
}

TEST_F(DeviceLifetime, EndsAfterTheHandlerOfAnotherThatRemovesAll) {  // [device.lifetime]
    Trio& device = add();
    Source source{reading, [&](Source&, ReactorOps& ops) {
                      device.remove_all(ops);
                      EXPECT_EQ(log.destroyed, 0);
                  }};
    source.add_to(*reactor);
    source.signal();

    static_cast<void>(poll(*reactor));
    EXPECT_EQ(log.destroyed, 1);
    const std::size_t before = log.calls.size();
    source.drain();
    EXPECT_EQ(poll(*reactor), 0U);
    EXPECT_THAT(log.calls, SizeIs(before));
}

#if defined(__cpp_exceptions)
TEST_F(DeviceLifetime, EndsAfterAMemberFunctionThatRemovesAllAndThrows) {  // [dispatch.throws]
    add([](Trio& self, ReactorOps& ops) {
        self.remove_all(ops);
        throw std::runtime_error{"out of order"};
    });

    EXPECT_THROW(static_cast<void>(reactor->run_once()), std::runtime_error);
    EXPECT_EQ(log.destroyed, 1);
    EXPECT_EQ(poll(*reactor), 0U);
    EXPECT_THAT(log.calls, SizeIs(1));
}

TEST_F(DeviceLifetime, ContinuesWhenAMemberFunctionThrows) {  // [dispatch.throws]
    add([](Trio&, ReactorOps&) { throw std::runtime_error{"out of order"}; });

    for (std::size_t i = 1; i <= 3; ++i) {
        EXPECT_THROW(static_cast<void>(reactor->run_once()), std::runtime_error);
        EXPECT_THAT(log.calls, SizeIs(i));
    }
    EXPECT_EQ(log.destroyed, 0);
    EXPECT_EQ(reactor->stats().registered, 3U);
}
#endif

TEST_F(DeviceLifetime, EndsWithItsReactor) {  // [reactor.destroy]
    add();
    reactor.reset();
    EXPECT_EQ(log.destroyed, 1);
}

TEST_F(DeviceLifetime, EndsWithADestructorThatMayCallTheReactor) {  // [device.lifetime]
    Source successor;
    log.on_destroy = [&] { successor.add_to(*reactor); };
    add([](Trio& self, ReactorOps& ops) { self.remove_all(ops); });

    EXPECT_EQ(poll(*reactor), 1U);
    EXPECT_EQ(log.destroyed, 1);
    successor.signal();
    EXPECT_EQ(poll(*reactor), 1U);
}

TEST_F(DeviceLifetime, ContinuesAfterCloseAndExtract) {  // [reactor.close_and_extract]
    add();
    auto released = reactor->close_and_extract();
    ASSERT_TRUE(released);
    EXPECT_THAT(*released, SizeIs(3));
    reactor.reset();
    EXPECT_EQ(log.destroyed, 0);

    Reactor another;
    for (AnySubscriber& part : *released) {
        EXPECT_TRUE(another.add(part));
    }
    EXPECT_EQ(poll(another), 3U);
    EXPECT_EQ(log.destroyed, 0);
}

// --- extract ------------------------------------------------------------------------------------

TEST_F(DeviceLifetime,
       ContinuesWhileAnExtractedRegistrationExists) {  // [device.lifetime] [extract]
    Trio& device = add();
    AnySubscriber taken = reactor->extract(names[1]);
    ASSERT_TRUE(taken);
    EXPECT_EQ(taken.find<Trio>(), &device);
    EXPECT_TRUE(reactor->remove(names[0]));
    EXPECT_TRUE(reactor->remove(names[2]));
    reactor.reset();
    EXPECT_EQ(log.destroyed, 0);

    Reactor another;
    ASSERT_TRUE(another.add(taken));
    EXPECT_EQ(poll(another), 1U);
    EXPECT_THAT(log.calls, ElementsAre("b"));
    EXPECT_TRUE(another.remove(device.b));
    EXPECT_EQ(log.destroyed, 1);
}

TEST_F(DeviceLifetime,
       EndsWithAnExtractedRegistrationThatIsTheLast) {  // [device.lifetime] [extract]
    add();
    AnySubscriber taken = reactor->extract(names[1]);
    EXPECT_TRUE(reactor->remove(names[0]));
    EXPECT_TRUE(reactor->remove(names[2]));
    taken = {};
    EXPECT_EQ(log.destroyed, 1);
}

TEST_F(DeviceLifetime,
       ContinuesWhenAMemberFunctionExtractsAndDestroysAllOthers) {  // [device.lifetime] [extract]
    add([&](Trio& self, ReactorOps& ops) {
        for (const OwnedFd* fd : {&self.a, &self.b, &self.c}) {
            static_cast<void>(ops.extract(*fd));  // and destroys it; the running one stays
        }
        EXPECT_EQ(log.destroyed, 0);
    });

    EXPECT_EQ(poll(*reactor), 1U);
    EXPECT_EQ(log.destroyed, 0);
    EXPECT_EQ(reactor->stats().registered, 1U);
}

TEST_F(DeviceLifetime, MayEndOnAnotherThread) {  // [device.lifetime]
    add();
    AnySubscriber taken = reactor->extract(names[2]);
    std::thread other{[part = std::move(taken)]() mutable {
        Reactor theirs;
        EXPECT_TRUE(theirs.add(part));
        EXPECT_EQ(poll(theirs), 1U);
    }};
    EXPECT_TRUE(reactor->remove(names[0]));
    EXPECT_TRUE(reactor->remove(names[1]));
    other.join();

    EXPECT_EQ(log.destroyed, 1);
}

// --- descriptors that the user closes before removal ---------------------------------------------

TEST_F(DeviceLifetime, EndsWhileTheQuarantineKeepsItsMemory) {  // [device.lifetime] [ghost.dup]
    Trio& device = add();
    const OwnedFd duplicate{::dup(device.a.fd())};
    device.a.reset();
    for (const RegistrationId name : names) {
        EXPECT_TRUE(reactor->remove(name));
    }

    EXPECT_EQ(log.destroyed, 1);
    EXPECT_EQ(reactor->stats().quarantined, 1U);
    EXPECT_EQ(poll(*reactor), 0U);  // the kernel reports the duplicate with our address
    EXPECT_EQ(reactor->stats().stale_events, 1U);
    EXPECT_EQ(log.destroyed, 1);
}

TEST_F(DeviceLifetime, ContinuesWhileAnotherSlotIsQuarantined) {  // [device.lifetime] [ghost.dup]
    Trio& device = add();
    const OwnedFd duplicate{::dup(device.a.fd())};
    device.a.reset();
    EXPECT_TRUE(reactor->remove(names[0]));

    for (int turn = 0; turn < 4; ++turn) {
        EXPECT_EQ(poll(*reactor), 2U);
    }
    EXPECT_EQ(reactor->stats().rebuilds, 1U);
    EXPECT_EQ(reactor->stats().quarantined, 0U);
    EXPECT_EQ(log.destroyed, 0);
}

TEST_F(DeviceLifetime, LeavesQuarantinedMemoryUntilTheReactorIsDestroyed) {  // [device.lifetime]
    Trio& device = add([](Trio& self, ReactorOps& ops) { self.remove_all(ops); });
    const OwnedFd duplicate{::dup(device.a.fd())};
    ASSERT_EQ(::dup2(device.b.fd(), device.a.fd()), device.a.fd());

    EXPECT_EQ(poll(*reactor), 1U);
    EXPECT_EQ(log.destroyed, 1);
    reactor.reset();  // AddressSanitizer watches the memory
}

// --- fork
// -----------------------------------------------------------------------------------------

/// Replaces what it shares with the parent.
struct Forker {
    OwnedFd a = make_eventfd(1);
    OwnedFd b = make_eventfd(1);
    int forks = 0;
    int calls = 0;

    void on_any() { ++calls; }
    void after_fork(ReactorOps& /*reactor*/) {
        ++forks;
        for (const OwnedFd* each : {&a, &b}) {
            const OwnedFd fresh = make_eventfd(1);
            EXPECT_EQ(::dup3(fresh.fd(), each->fd(), O_CLOEXEC), each->fd());
        }
    }
};

TEST_F(DeviceLifetime, ContinuesInAForkedChildThatReplacesItsDescriptors) {  // [device.after_fork]
    auto device = eventp::device<Forker>()
                      .watch<&Forker::a, &Forker::on_any>(reading)
                      .watch<&Forker::b, &Forker::on_any>(reading)
                      .build();
    Forker& object = *device;
    const auto added = device.add_to(*reactor);
    ASSERT_TRUE(added);

    EXPECT_TRUE(holds_in_child([&] {
        const bool first = reactor->reinit_after_fork() && object.forks == 1 &&
                           reactor->stats().registered == 2 && poll(*reactor) == 2 &&
                           object.calls == 2;
        return first && holds_in_child([&] {
                   return reactor->reinit_after_fork() && object.forks == 2 && poll(*reactor) == 2;
               });
    }));
    EXPECT_EQ(object.forks, 0);
    EXPECT_EQ(poll(*reactor), 2U);
}

TEST_F(DeviceLifetime, EndsInAForkedChildIfItHasNoAfterFork) {  // [device.lifetime] [fork.reinit]
    add();

    EXPECT_TRUE(holds_in_child([&] {
        return reactor->reinit_after_fork() && log.destroyed == 1 &&
               reactor->stats().registered == 0;
    }));
    EXPECT_EQ(log.destroyed, 0);
    EXPECT_EQ(poll(*reactor), 3U);
}

}  // namespace
}  // namespace eventp::support
