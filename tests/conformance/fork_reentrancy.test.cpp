// SPDX-License-Identifier: MIT
//
// Forks during a turn, and subscribers that use the reactor while a child reinitialises its copy.
#include <deque>
#include <memory>
#include <stdexcept>
#include <utility>

#include <gtest/gtest.h>

#include <eventp/device.hpp>

#include "support/files.hpp"
#include "support/forks.hpp"
#include "support/source.hpp"

namespace eventp::support {
namespace {

// --- a fork inside a destructor -----------------------------------------------------------------

class DestructorThatForks : public ::testing::TestWithParam<Fork> {
protected:
    /// Forks when the first of its subscribers is destroyed.
    void fork_once() {
        ++destroyed;
        forks();
    }
    /// One turn in which all of them are ready.
    void turn(Crowd& crowd) {
        for (Source& member : crowd.members) {
            member.on_destroy = [this] { fork_once(); };
        }
        crowd.signal_all();
        static_cast<void>(poll(reactor));
    }

    ForkOnce forks{GetParam()};
    int destroyed = 0;
    Reactor reactor;
};
INSTANTIATE_TEST_SUITE_P(Ways, DestructorThatForks, ::testing::Values(Fork::fork, Fork::raw_clone),
                         [](const auto& way) {
                             return way.param == Fork::fork ? "fork" : "raw_clone";
                         });

TEST_P(DestructorThatForks, EndsTheChildsBatch) {  // [fork.guard]
    Crowd crowd{reactor, 4, reading_edges, [](std::size_t position, Source& self, ReactorOps& by) {
                    if (position == 0) {
                        by.remove(self);
                    }
                }};

    turn(crowd);
    EXPECT_TRUE(forks.end([&] {
        return crowd.order.size() == 1 &&
               error_of(reactor.run_once(std::chrono::seconds{0})) == std::errc::no_child_process;
    }));

    EXPECT_EQ(crowd.order.size(), 4U);
}

TEST_P(DestructorThatForks, LeavesTheOtherRemovedSubscribersToTheParent) {  // [fork.guard]
    Crowd crowd{reactor, 4, reading, [&](std::size_t position, Source&, ReactorOps& by) {
                    for (const Source& member : crowd.members) {
                        if (position == 0) {
                            EXPECT_TRUE(by.remove(member));
                        }
                    }
                }};

    turn(crowd);
    EXPECT_TRUE(forks.end([&] { return crowd.order.size() == 1 && destroyed == 1; }));

    EXPECT_EQ(destroyed, 4);
}

TEST_P(DestructorThatForks, EndsTheChildsBatchWhenAHandlerRunsIt) {  // [fork.guard] [remove.now]
    Crowd crowd{reactor, 4, reading_edges};
    crowd.then = [&crowd](std::size_t position, Source&, ReactorOps& by) {
        if (position == 0) {
            EXPECT_TRUE(by.remove_now(crowd.waiting()));
        }
    };

    turn(crowd);
    EXPECT_TRUE(forks.end([&] { return crowd.order.size() == 1 && destroyed == 1; }));

    EXPECT_EQ(crowd.order.size(), 3U);
}

TEST_P(DestructorThatForks, LetsTheChildReinitialiseItsCopy) {  // [fork.guard] [fork.reinit]
    Source source{reading, [](Source& self, ReactorOps& by) { by.remove(self); }};
    source.on_destroy = [this] { fork_once(); };
    source.add_to(reactor);
    source.signal();

    static_cast<void>(poll(reactor));

    EXPECT_TRUE(forks.end([&] {
        Source childs;
        const bool works = reactor.reinit_after_fork() && childs.add_to(reactor).fd() >= 0;
        childs.signal();
        return works && poll(reactor) == 1 && destroyed == 1;
    }));
}

TEST(ChildOfAHandler, DestroysWhatThatHandlerRemovedWithItsCopy) {  // [fork.guard]
    auto reactor = std::make_unique<Reactor>();
    pid_t child = -1;
    Source source{reading, [&child](Source& self, ReactorOps& by) {
                      by.remove(self);
                      child = ::fork();
                  }};
    source.add_to(*reactor);
    source.signal();

    static_cast<void>(poll(*reactor));
    if (child == 0) {
        const int before = source.destroyed;
        reactor.reset();
        end_child(before == 0 && source.destroyed == 1);
    }

    EXPECT_TRUE(ended_well(child));
    EXPECT_EQ(source.destroyed, 1);
}

// --- after_fork() that calls back ---------------------------------------------------------------

TEST(AfterFork, MayRemoveItsOwnSubscriberWhichIsDestroyedAfterIt) {  // [fork.reinit]
    Reactor reactor;
    Source source;
    source.signal();
    source.after_fork = [](Source& self, ReactorOps& by) {
        EXPECT_TRUE(by.remove(self.name));
        EXPECT_EQ(self.destroyed, 0);
        EXPECT_FALSE(by.contains(self.name));
    };
    source.add_to(reactor);

    EXPECT_TRUE(holds_in_child([&] {
        EXPECT_TRUE(reactor.reinit_after_fork());
        EXPECT_EQ(source.destroyed, 1);
        EXPECT_EQ(reactor.stats().registered, 0U);
        EXPECT_EQ(poll(reactor), 0U);
    }));

    EXPECT_EQ(poll(reactor), 1U);
}

TEST(AfterFork, MayRemoveItsOwnSubscriberNowAndCannotExtractIt) {
    // [fork.reinit] [remove.now] [extract]
    Reactor reactor;
    Source source;
    source.after_fork = [](Source& self, ReactorOps& by) {
        EXPECT_FALSE(by.extract(self.name));
        EXPECT_TRUE(by.remove_now(self.name));
        EXPECT_EQ(self.destroyed, 0);
        EXPECT_FALSE(by.contains(self.name));
    };
    source.add_to(reactor);

    EXPECT_TRUE(holds_in_child([&] {
        EXPECT_TRUE(reactor.reinit_after_fork());
        EXPECT_EQ(source.destroyed, 1);
        EXPECT_EQ(reactor.stats().registered, 0U);
    }));
}

/// A device that leaves the reactor in a child.
struct Leaver {
    explicit Leaver(int& counter) : destroyed{counter} {}
    Leaver(const Leaver&) = delete;
    Leaver& operator=(const Leaver&) = delete;
    ~Leaver() { ++destroyed; }

    void on_any() {}
    void after_fork(ReactorOps& by) {
        running.run([&] {
            EXPECT_TRUE(by.remove(a));
            EXPECT_TRUE(by.remove(b));
            EXPECT_EQ(destroyed, 0);
        });
    }

    OwnedFd a = make_eventfd(1);
    OwnedFd b = make_eventfd(1);
    int& destroyed;
    Running running;
};

TEST(AfterFork, MayRemoveItsWholeDeviceWhichIsDestroyedAfterIt) {
    // [device.lifetime] [fork.reinit]
    Reactor reactor;
    int destroyed = 0;
    const auto names = device<Leaver>()
                           .watch<&Leaver::a, &Leaver::on_any>(reading)
                           .watch<&Leaver::b, &Leaver::on_any>(reading)
                           .register_into(reactor, destroyed);
    ASSERT_TRUE(names);

    EXPECT_TRUE(holds_in_child([&] {
        EXPECT_TRUE(reactor.reinit_after_fork());
        EXPECT_EQ(destroyed, 1);
        EXPECT_EQ(reactor.stats().registered, 0U);
        EXPECT_EQ(poll(reactor), 0U);
    }));

    EXPECT_EQ(destroyed, 0);
    EXPECT_EQ(poll(reactor), 2U);
}

TEST(AfterFork, MayRemoveAnotherSubscriber) {  // [fork.reinit]
    Reactor reactor;
    Source one;
    Source other;
    const auto remove_the_other = [&](Source& self, ReactorOps& by) {
        EXPECT_TRUE(by.remove(&self == &one ? other.name : one.name));
    };
    for (Source* source : {&one, &other}) {
        source->after_fork = remove_the_other;
        source->add_to(reactor);
        source->signal();
    }

    EXPECT_TRUE(holds_in_child([&] {
        EXPECT_TRUE(reactor.reinit_after_fork());
        EXPECT_EQ(one.destroyed + other.destroyed, 1);
        EXPECT_EQ(poll(reactor), 1U);
        EXPECT_EQ(one.calls, other.destroyed);
    }));
}

TEST(AfterFork, MayAddASubscriber) {  // [fork.reinit]
    Reactor reactor;
    Source childs;
    Source source;
    source.after_fork = [&childs](Source&, ReactorOps& by) { childs.add_to(by); };
    source.add_to(reactor);
    source.signal();

    EXPECT_TRUE(holds_in_child([&] {
        EXPECT_TRUE(reactor.reinit_after_fork());
        childs.signal();
        EXPECT_EQ(poll(reactor), 2U);
        EXPECT_EQ(childs.calls, 1);
    }));
}

#if defined(__cpp_exceptions)

/// Four that know forks and one that does not. The third one that is asked throws.
class AfterForkThatThrows : public ::testing::Test {
protected:
    AfterForkThatThrows() {
        for (Source& source : all) {
            source.after_fork = [this](Source& self, ReactorOps&) {
                if (++asked == 3) {
                    thrower = &self;
                    throw std::runtime_error{"third"};
                }
            };
            source.add_to(reactor);
            source.signal();
        }
        plain.add_to(reactor);
    }
    void reinit() {
        EXPECT_THROW(static_cast<void>(reactor.reinit_after_fork()), std::runtime_error);
    }

    std::deque<Source> all{4};
    Source plain;
    int asked = 0;
    const Source* thrower = nullptr;
    Reactor reactor;
};

TEST_F(AfterForkThatThrows, KeepsTheSubscribersThatWereKeptBefore) {  // [fork.reinit]
    EXPECT_TRUE(holds_in_child([&] {
        reinit();

        EXPECT_EQ(asked, 3);
        EXPECT_EQ(reactor.stats().registered, 2U);
        EXPECT_EQ(poll(reactor), 2U);
        for (const Source& source : all) {
            EXPECT_EQ(source.calls, reactor.contains(source.name) ? 1 : 0);
        }
    }));
    EXPECT_EQ(poll(reactor), 4U);
}

TEST_F(AfterForkThatThrows, DestroysItsSubscriberAndTheLaterOnesOnceEach) {  // [fork.reinit]
    EXPECT_TRUE(holds_in_child([&] {
        reinit();

        for (const Source& source : all) {
            EXPECT_EQ(source.destroyed, reactor.contains(source.name) ? 0 : 1);
        }
        ASSERT_NE(thrower, nullptr);
        EXPECT_EQ(thrower->destroyed, 1);
        EXPECT_EQ(plain.destroyed, 1);
        EXPECT_TRUE(reactor.reinit_after_fork());
        EXPECT_EQ(asked, 3);
        EXPECT_EQ(thrower->destroyed, 1);
    }));
    EXPECT_EQ(plain.destroyed, 0);
}

TEST_F(AfterForkThatThrows, LeavesTheChildAWorkingReactor) {  // [fork.reinit]
    EXPECT_TRUE(holds_in_child([&] {
        reinit();

        Source childs;
        childs.add_to(reactor);
        childs.signal();
        EXPECT_EQ(poll(reactor), 3U);
        EXPECT_EQ(childs.calls, 1);
        EXPECT_TRUE(reactor.remove(childs));
        EXPECT_EQ(childs.destroyed, 1);
        bool ran = false;
        EXPECT_TRUE(RemoteEndpoint{reactor}.post([&ran] { ran = true; }));
        EXPECT_EQ(poll(reactor), 2U);
        EXPECT_TRUE(ran);
    }));
}

TEST(AfterFork, MayRemoveItsOwnSubscriberAndThrow) {  // [fork.reinit]
    Reactor reactor;
    Source source;
    source.after_fork = [](Source& self, ReactorOps& by) {
        EXPECT_TRUE(by.remove(self.name));
        throw std::runtime_error{"removed"};
    };
    source.add_to(reactor);
    source.signal();

    EXPECT_TRUE(holds_in_child([&] {
        EXPECT_THROW(static_cast<void>(reactor.reinit_after_fork()), std::runtime_error);
        EXPECT_EQ(source.destroyed, 1);
        EXPECT_EQ(reactor.stats().registered, 0U);
        EXPECT_EQ(poll(reactor), 0U);
    }));
}

#endif  // __cpp_exceptions

}  // namespace
}  // namespace eventp::support
