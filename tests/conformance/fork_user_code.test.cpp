// SPDX-License-Identifier: MIT
//
// Forks at every place where a reactor runs user code, for each operation that runs it. The child
// must not change the parent's epoll instance, and must not run what is the parent's to run.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/files.hpp"
#include "support/forks.hpp"
#include "support/kernel_set.hpp"
#include "support/source.hpp"
#include "support/user_code.hpp"

namespace eventp::support {
namespace {

/// Forks once. The child continues to the end of the test; the parent waits there until the child
/// has ended, and compares its epoll instance with what it was.
class ForkAndCompare : public ForkOnce {
public:
    void operator()() {
        if (has_forked()) {
            return;
        }
        const int set = working_set();
        const auto before = entries_of(set);
        ForkOnce::operator()();
        if (!is_child()) {
            EXPECT_TRUE(end()) << "the child has failed";
            EXPECT_EQ(entries_of(set), before) << "the child has changed the parent's instance";
        }
    }
};

class ForkInUserCode : public testing::Test {
protected:
    ForkInUserCode() {
        place.after_fork = [](Source&, ReactorOps&) {};  // the child keeps it
        place.signal();
        other.add_to(reactor);
        other.signal();
    }
    ~ForkInUserCode() override {
        if (forks.is_child()) {
            // Whatever is done now, in the child's copy, is refused.
            EXPECT_EQ(error_of(reactor.run_once()), std::errc::no_child_process);
            EXPECT_FALSE(reactor.remove(other.name));
            EXPECT_EQ(error_of(reactor.modify(other.name, nothing)), std::errc::no_child_process);
            EXPECT_EQ(error_of(reactor.fd()), std::errc::no_child_process);
            EXPECT_TRUE(reactor.reinit_after_fork());
            EXPECT_EQ(error_of(reactor.run_once(std::chrono::seconds{0})), std::error_code{});
        } else {
            static_cast<void>(poll(reactor));
            EXPECT_GE(other.calls, 1);
        }
        EXPECT_TRUE(forks.has_forked());
        if (forks.is_child()) {
            end_child(!HasFailure());
        }
    }

    RegistrationId add() { return place.add_to(reactor); }
    template <typename T>
    void expect_refused_in_child(const Result<T>& result) const {
        if (forks.is_child()) {
            EXPECT_EQ(error_of(result), std::errc::no_child_process);
        } else {
            EXPECT_EQ(error_of(result), std::error_code{});
        }
    }
    void turn() { static_cast<void>(reactor.run_once(std::chrono::seconds{0})); }

    int calls_in_child = 0;
    Source place;  // of each fork
    ForkAndCompare forks;
    Source other;
    Reactor reactor;
    RemoteEndpoint endpoint{reactor};
};

TEST_F(ForkInUserCode, FdInAdd) {  // [fork.user_code]
    place.on_fd = [this] { forks(); };
    AnySubscriber subscriber = place.make();

    const auto added = reactor.add(subscriber);

    expect_refused_in_child(added);
    EXPECT_EQ(static_cast<bool>(subscriber), forks.is_child());
}

TEST_F(ForkInUserCode, FdInAddInAHandler) {  // [fork.user_code]
    AnySubscriber subscriber = place.make();
    place.on_fd = [this] { forks(); };
    other.then = [&](Source& self, ReactorOps& by) {
        self.then = {};
        const auto added = by.add(subscriber);
        EXPECT_EQ(added.has_value(), !forks.is_child());
    };

    turn();
}

TEST_F(ForkInUserCode, FdInResume) {  // [fork.user_code]
    const RegistrationId id = add();
    ASSERT_TRUE(reactor.modify(id, nothing));
    place.on_fd = [this] { forks(); };

    const auto resumed = reactor.modify(id, reading);

    expect_refused_in_child(resumed);
}

TEST_F(ForkInUserCode, HandlerInRunOnce) {  // [fork.user_code]
    add();
    place.then = [this](Source&, ReactorOps&) {
        forks();
        calls_in_child += forks.is_child() ? 1 : 0;
    };

    const auto turned = reactor.run_once(std::chrono::seconds{0});

    EXPECT_TRUE(turned);
    EXPECT_LE(calls_in_child, 1);
}

TEST_F(ForkInUserCode, HandlerInRun) {  // [fork.user_code]
    add();
    place.then = [&](Source&, ReactorOps& by) {
        forks();
        by.stop();
    };

    const auto ran = reactor.run();

    expect_refused_in_child(ran);
}

#if defined(__cpp_exceptions)
TEST_F(ForkInUserCode, HandlerThatThrows) {  // [fork.user_code] [dispatch.throws]
    add();
    place.then = [&](Source&, ReactorOps&) {
        const bool is_first = !forks.has_forked();
        forks();
        if (is_first) {
            throw 1;
        }
    };
    EXPECT_THROW(turn(), int);
}
#endif

TEST_F(ForkInUserCode, HandlerOfARequeuedEvent) {  // [fork.user_code] [requeue]
    add();
    place.then = [&](Source& self, ReactorOps& by) { EXPECT_TRUE(by.requeue(self)); };
    EXPECT_EQ(poll(reactor), 2U);
    place.then = [&](Source&, ReactorOps&) { forks(); };

    turn();
}

TEST_F(ForkInUserCode, BetweenTurnsWithARequeuedEvent) {  // [fork.reinit] [requeue]
    add();
    place.then = [&](Source& self, ReactorOps& by) { EXPECT_TRUE(by.requeue(self)); };
    EXPECT_EQ(poll(reactor), 2U);
    place.drain();

    forks();

    if (forks.is_child()) {
        ASSERT_TRUE(reactor.reinit_after_fork());
        EXPECT_EQ(poll(reactor), 0U) << "the event of the parent";
        EXPECT_EQ(place.calls, 1);
        end_child(!HasFailure());
    }
    EXPECT_GE(poll(reactor), 1U);
    EXPECT_EQ(place.calls, 2);
}

TEST_F(ForkInUserCode, DestructorInRemoveOutsideARun) {  // [fork.user_code]
    const RegistrationId id = add();
    place.on_destroy = [this] { forks(); };

    EXPECT_TRUE(reactor.remove(id));
}

TEST_F(ForkInUserCode, DestructorOfASubscriberThatTheKernelMayKnow) {  // [fork.user_code]
    const OwnedFd kept{::dup(place.file.fd())};
    const RegistrationId id = add();
    place.file.reset();
    place.on_destroy = [this] { forks(); };

    EXPECT_TRUE(reactor.remove(id));
}

TEST_F(ForkInUserCode, DestructorAfterTheHandlerThatRemoved) {  // [fork.user_code]
    const RegistrationId id = add();
    place.on_destroy = [this] { forks(); };
    other.then = [&](Source& self, ReactorOps& by) {
        self.then = {};
        by.remove(id);
    };

    turn();
}

TEST_F(ForkInUserCode, DestructorInRemoveNowInAHandler) {  // [fork.user_code]
    const RegistrationId id = add();
    place.on_destroy = [this] { forks(); };
    other.then = [&](Source& self, ReactorOps& by) {
        self.then = {};
        by.remove_now(id);
    };

    turn();
}

TEST_F(ForkInUserCode, DestructorInDestroyRemoved) {  // [fork.user_code] [remove.callback]
    const RegistrationId id = add();
    place.on_destroy = [this] { forks(); };
    other.then = [&](Source& self, ReactorOps& by) {
        self.then = {};
        if (by.remove(id)) {
            by.destroy_removed();
            EXPECT_TRUE(forks.has_forked());
        }
    };

    turn();
    if (!forks.has_forked()) {
        EXPECT_TRUE(reactor.remove(id));  // its handler ran first, which the kernel decides
    }
}

TEST_F(ForkInUserCode, PostedClosure) {  // [fork.user_code] [remote.fork]
    int ran = 0;
    ASSERT_TRUE(endpoint.post([this] { forks(); }));
    ASSERT_TRUE(endpoint.post([&] { ++ran; }));

    turn();

    EXPECT_EQ(ran, forks.is_child() ? 0 : 1) << "the closure after it is the parent's";
}

TEST_F(ForkInUserCode, DestructorOfAPostedClosure) {  // [fork.user_code] [remote.fork]
    int ran = 0;
    ASSERT_TRUE(endpoint.post(UserCode{UserCode::When::destroyed, [this] { forks(); }}));
    ASSERT_TRUE(endpoint.post([&] { ++ran; }));

    turn();

    EXPECT_EQ(ran, forks.is_child() ? 0 : 1);
}

TEST_F(ForkInUserCode, DestructorOfWhatAClosureRemoved) {  // [fork.user_code] [remove.callback]
    const RegistrationId id = add();
    place.on_destroy = [this] { forks(); };
    int ran = 0;
    ASSERT_TRUE(endpoint.post([id](ReactorOps& by) { by.remove(id); }));
    ASSERT_TRUE(endpoint.post([&] { ++ran; }));

    turn();

    EXPECT_EQ(ran, forks.is_child() ? 0 : 1);
}

TEST_F(ForkInUserCode, AfterForkInReinit) {  // [fork.user_code] [fork.reinit]
    add();
    EXPECT_TRUE(holds_in_child([this] {
        place.after_fork = [this](Source&, ReactorOps&) { forks(); };
        const auto taken = reactor.reinit_after_fork();
        expect_refused_in_child(taken);
        place.after_fork = {};
        if (forks.is_child()) {
            EXPECT_EQ(error_of(reactor.run_once()), std::errc::no_child_process);
            end_child(!HasFailure());
        }
        EXPECT_GE(poll(reactor), 1U);
    }));
    forks();
}

TEST_F(ForkInUserCode, FdInReinit) {  // [fork.user_code] [fork.reinit]
    add();
    EXPECT_TRUE(holds_in_child([this] {
        place.on_fd = [this] { forks(); };
        const auto taken = reactor.reinit_after_fork();
        place.on_fd = {};
        expect_refused_in_child(taken);
        if (forks.is_child()) {
            end_child(!HasFailure());
        }
        EXPECT_GE(poll(reactor), 1U);
    }));
    forks();
}

TEST_F(ForkInUserCode, AStopRequestOfTheChildDoesNotWakeTheParent) {  // [run.token] [fork.guard]
    std::stop_source source;
    other.then = [&](Source& self, ReactorOps& by) {
        forks();
        if (forks.is_child()) {
            source.request_stop();
        } else {
            self.drain();
            EXPECT_FALSE(is_readable(reactor.fd()->fd())) << "the child has written to the eventfd";
            by.stop();
        }
    };

    static_cast<void>(reactor.run(source.get_token()));
}

}  // namespace
}  // namespace eventp::support
