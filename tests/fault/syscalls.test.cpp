// SPDX-License-Identifier: MIT
//
// Each system call of the core fails with each error that its manual page names: the error is
// returned, and the state is as before.
#include <cerrno>
#include <cstring>
#include <string>

#include <gtest/gtest.h>

#include "fault/faults.hpp"
#include "fault/snapshot.hpp"
#include "support/kernel_set.hpp"

namespace eventp::support {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

std::string name_of(int error) {
    return ::strerrorname_np(error);
}
std::string name_of_param(const testing::TestParamInfo<int>& tested) {
    return name_of(tested.param);
}
std::error_code code(int error) {
    return {error, std::system_category()};
}

// --- making a reactor ---------------------------------------------------------------------------

class CreateFaults : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Error, CreateFaults, testing::Values(EMFILE, ENFILE, ENOMEM, ENOSPC),
                         name_of_param);

TEST_P(CreateFaults, AreReturnedByCreateAndLeaveNothingOpen) {  // [reactor.create]
    const auto before = open_numbers();
    int failed = 0;
    for (const Call call : {Call::epoll_create, Call::eventfd, Call::epoll_add}) {
        for (int nth = 0;; ++nth) {
            const Fault fault{call, GetParam(), nth, 1};
            const auto reactor = Reactor::create();
            if (fault.struck() == 0) {
                EXPECT_TRUE(reactor);
                break;
            }
            ++failed;
            EXPECT_EQ(error_of(reactor), code(GetParam()));
            EXPECT_EQ(open_numbers(), before);
        }
    }
    EXPECT_EQ(failed, 4) << "two sets, one wake-up, and it in the set";
}

TEST_P(CreateFaults, AreReturnedByFdWhichCanBeCalledAgain) {  // [reactor.fd]
    Reactor reactor;
    for (const Call call : {Call::epoll_create, Call::epoll_add}) {
        const Snapshot before{reactor};
        {
            const Fault fault{call, GetParam()};
            EXPECT_EQ(error_of(reactor.fd()), code(GetParam()));
        }
        EXPECT_EQ(Snapshot{reactor}, before);
    }
    EXPECT_TRUE(reactor.fd());
}

// --- add ----------------------------------------------------------------------------------------

class AddFaults : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Error, AddFaults,
                         testing::Values(ENOMEM, ENOSPC, EBADF, EPERM, EINVAL, ELOOP, ENOENT),
                         name_of_param);

TEST_P(AddFaults, LeaveTheSubscriberToItsOwner) {  // [add.strong]
    Reactor reactor;
    Source source;
    AnySubscriber subscriber = source.make();
    const Snapshot before{reactor};
    {
        const Fault fault{Call::epoll_add, GetParam()};
        EXPECT_EQ(error_of(reactor.add(subscriber)), code(GetParam()));
    }
    EXPECT_TRUE(subscriber);
    EXPECT_EQ(source.destroyed, 0);
    EXPECT_EQ(Snapshot{reactor}, before);
    EXPECT_FALSE(reactor.contains(source));

    EXPECT_TRUE(reactor.add(subscriber));
    source.signal();
    EXPECT_EQ(poll(reactor), 1U);
}

TEST_P(AddFaults, AfterTheRemovalOfAReturnedGhostLeaveTheSubscriber) {
    // [add.strong] [ghost.returned]
    Reactor reactor;
    const Ghost ghost{reactor};
    const int number = ghost.watched.number;
    ASSERT_EQ(::dup2(ghost.file().fd(), number), number);
    const OwnedFd returned{number};
    Source newcomer{number};
    AnySubscriber subscriber = newcomer.make();
    {
        const Fault fault{Call::epoll_add, GetParam(), 1};
        EXPECT_EQ(error_of(reactor.add(subscriber)), code(GetParam()));
        EXPECT_EQ(fault.struck(), 1);
    }
    EXPECT_TRUE(subscriber);
    EXPECT_EQ(reactor.stats().registered, 0U);

    EXPECT_TRUE(reactor.add(subscriber));
    ghost.signal();
    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(ghost.watched.calls, 0);
}

TEST_P(AddFaults, OnResumingLeaveItPaused) {  // [modify.paused]
    Reactor reactor;
    Source source{nothing};
    source.add_to(reactor);
    source.signal();
    const Snapshot before{reactor};
    {
        const Fault fault{Call::epoll_add, GetParam()};
        EXPECT_EQ(error_of(reactor.modify(source.name, reading)), code(GetParam()));
    }
    EXPECT_EQ(Snapshot{reactor}, before);
    EXPECT_EQ(poll(reactor), 0U);

    EXPECT_TRUE(reactor.modify(source.name, reading));
    EXPECT_EQ(poll(reactor), 1U);
}

// --- modify -------------------------------------------------------------------------------------

class ModifyFaults : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Error, ModifyFaults, testing::Values(ENOMEM, ENOENT, EBADF, EINVAL, EPERM),
                         name_of_param);

TEST_P(ModifyFaults, ChangeNeitherTheKernelsInterestNorTheStoredOne) {  // [modify.pending]
    Reactor reactor;
    Source source;
    source.add_to(reactor);
    source.signal();
    const Snapshot before{reactor};
    for (const Interest wanted : {Interest{}.write(), reading_once}) {
        const Fault fault{Call::epoll_modify, GetParam()};
        EXPECT_EQ(error_of(reactor.modify(source.name, wanted)), code(GetParam()));
    }
    EXPECT_EQ(Snapshot{reactor}, before);
    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(source.told, reading);
}

TEST_P(ModifyFaults, LeaveAFiredOneShotSubscriberDisarmed) {  // [modify.pending]
    Reactor reactor;
    Source source{reading_once};
    source.add_to(reactor);
    source.signal();
    EXPECT_EQ(poll(reactor), 1U);
    {
        const Fault fault{Call::epoll_modify, GetParam()};
        EXPECT_EQ(error_of(reactor.modify(source.name, reading_once)), code(GetParam()));
    }
    EXPECT_EQ(poll(reactor), 0U);
    EXPECT_TRUE(reactor.modify(source.name, reading_once));
    EXPECT_EQ(poll(reactor), 1U);
}

TEST_P(ModifyFaults, InAHandlerLeaveThePendingEventOfAnother) {  // [modify.pending]
    Reactor reactor;
    Crowd crowd{reactor, 2, reading};
    crowd.then = [&](std::size_t position, Source&, ReactorOps& by) {
        if (position == 0) {
            const Fault fault{Call::epoll_modify, GetParam()};
            EXPECT_FALSE(by.modify(crowd.waiting(), Interest{}.write()));
        }
    };
    crowd.signal_all();

    EXPECT_EQ(poll(reactor), 2U);
}

TEST_P(ModifyFaults, OnPausingLeaveItRunning) {  // [modify.paused]
    Reactor reactor;
    Source source;
    source.add_to(reactor);
    source.signal();
    const Snapshot before{reactor};
    {
        const Fault fault{Call::epoll_delete, GetParam()};
        EXPECT_EQ(error_of(reactor.modify(source.name, nothing)), code(GetParam()));
    }
    EXPECT_EQ(Snapshot{reactor}, before);
    EXPECT_EQ(poll(reactor), 1U);
}

// --- remove, extract ----------------------------------------------------------------------------

class RemoveFaults : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Error, RemoveFaults, testing::Values(EBADF, ENOENT, EPERM, ENOMEM, EINVAL),
                         name_of_param);

TEST_P(RemoveFaults, AreNeverARefusal) {  // [remove.always] [ghost.rebuild]
    Reactor reactor;
    Source source;
    source.add_to(reactor);
    source.signal();
    {
        const Fault fault{Call::epoll_delete, GetParam()};
        EXPECT_TRUE(reactor.remove(source.name));
    }
    EXPECT_EQ(source.destroyed, 1);
    EXPECT_EQ(reactor.stats().quarantined, 1U) << "the kernel has its address still";

    EXPECT_LE(turns_until_rebuilt(reactor, 2), 2);
    EXPECT_EQ(source.calls, 0);
    EXPECT_EQ(entries_held(), 0U);
}

TEST_P(RemoveFaults, InAHandlerAreNeverARefusal) {  // [remove.always] [remove.pending]
    for (const auto remove : {&ReactorOps::remove, &ReactorOps::remove_now}) {
        Reactor reactor;
        Crowd crowd{reactor, 2, reading};
        crowd.then = [&](std::size_t, Source&, ReactorOps& by) {
            const Fault fault{Call::epoll_delete, GetParam()};
            EXPECT_TRUE((by.*remove)(crowd.waiting().name));
        };
        crowd.signal_all();

        EXPECT_EQ(poll(reactor), 1U);
        EXPECT_EQ(crowd.members[0].calls + crowd.members[1].calls, 1);
        EXPECT_EQ(crowd.members[0].destroyed + crowd.members[1].destroyed, 1);
        EXPECT_EQ(reactor.stats().quarantined, 1U);
    }
}

TEST_P(RemoveFaults, InExtractAreRepairedByARebuild) {  // [extract] [ghost.rebuild]
    Reactor reactor;
    Source source;
    source.add_to(reactor);
    {
        const Fault fault{Call::epoll_delete, GetParam(), 0, 1};
        EXPECT_TRUE(reactor.extract(source.name));
    }
    EXPECT_EQ(reactor.stats().rebuilds, 1U);
    EXPECT_EQ(entries_held(), 0U);
}

TEST_P(RemoveFaults, InExtractThatPersistLeaveTheSubscriberRegistered) {  // [extract]
    Reactor reactor;
    Source source;
    source.add_to(reactor);
    source.signal();
    {
        const Fault fault{Call::epoll_delete, GetParam()};
        EXPECT_FALSE(reactor.extract(source.name));
    }
    EXPECT_EQ(source.destroyed, 0);
    EXPECT_TRUE(reactor.contains(source.name));
    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_TRUE(reactor.extract(source.name));
}

TEST_P(RemoveFaults, OfASubscriberThatIsAddedPausedDoNotReportIt) {  // [modify.paused]
    Reactor reactor;
    const OwnedFd file = make_eventfd(1);
    Source watched{file.fd(), nothing};
    {
        const Fault fault{Call::epoll_delete, GetParam()};
        watched.add_to(reactor);
        EXPECT_EQ(fault.struck(), 1);
    }
    EXPECT_EQ(poll(reactor), 0U);
    EXPECT_EQ(watched.calls, 0);
    EXPECT_TRUE(reactor.modify(watched.name, reading));
    EXPECT_EQ(entries_held(), 1U);
    EXPECT_EQ(poll(reactor), 1U);
}

// --- waiting ------------------------------------------------------------------------------------

class WaitFaults : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Error, WaitFaults, testing::Values(EINTR, EBADF, EINVAL, EFAULT),
                         name_of_param);

TEST_P(WaitFaults, AreReturnedByATurnAndLoseNoEvent) {  // [run.timeout]
    Reactor reactor;
    Source source{reading_edges};
    source.add_to(reactor);
    source.signal();
    const Snapshot before{reactor};
    {
        const Fault fault{Call::epoll_wait, GetParam()};
        EXPECT_EQ(error_of(reactor.run_once()), code(GetParam()));
    }
    if (GetParam() != EINVAL) {  // a sandbox may refuse epoll_pwait2(2) with it: see below
        const Fault fault{Call::epoll_pwait2, GetParam()};
        EXPECT_EQ(error_of(reactor.run_once(milliseconds{1})), code(GetParam()));
    }
    EXPECT_EQ(Snapshot{reactor}, before);
    EXPECT_EQ(source.calls, 0);
    EXPECT_EQ(poll(reactor), 1U);
}

TEST_P(WaitFaults, LoseNoRequeuedEvent) {  // [requeue]
    Reactor reactor;
    Source source{reading_edges};
    source.then = [](Source& self, ReactorOps& by) { EXPECT_TRUE(by.requeue(self)); };
    source.add_to(reactor);
    source.signal();
    EXPECT_EQ(poll(reactor), 1U);
    source.then = {};
    {
        const Fault fault{Call::epoll_wait, GetParam()};
        EXPECT_EQ(error_of(reactor.run_once(milliseconds{0})), code(GetParam()));
    }
    EXPECT_EQ(poll(reactor), 1U);
}

TEST_P(WaitFaults, EndARunUnlessTheWaitWasInterrupted) {  // [run.stop]
    Reactor reactor;
    Source source{reading, [](Source&, ReactorOps& by) { by.stop(); }};
    source.add_to(reactor);
    source.signal();
    const Fault fault{Call::epoll_wait, GetParam(), 0, 3};

    const auto ran = reactor.run();

    if (GetParam() == EINTR) {
        EXPECT_EQ(error_of(ran), std::error_code{});
        EXPECT_EQ(source.calls, 1);
        EXPECT_EQ(fault.struck(), 3);
    } else {
        EXPECT_EQ(error_of(ran), code(GetParam()));
        EXPECT_EQ(source.calls, 0);
    }
}

// Last in this file: the library does not ask for epoll_pwait2(2) again once it was refused.
class ZLastWaitFaults : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Error, ZLastWaitFaults,
                         testing::Values(ENOSYS, EPERM, EACCES, EINVAL, ENOTSUP), name_of_param);

TEST_P(ZLastWaitFaults, FallBackToMillisecondsRoundedUp) {  // [run.timeout]
    Reactor reactor;
    const Fault fault{Call::epoll_pwait2, GetParam()};
    struct Case {
        nanoseconds timeout;
        int ms;
    };
    for (const auto& [timeout, ms] : {Case{nanoseconds{1}, 1}, Case{microseconds{999}, 1},
                                      Case{milliseconds{1}, 1}, Case{microseconds{1001}, 2}}) {
        EXPECT_EQ(error_of(reactor.run_once(timeout)), std::error_code{});
        EXPECT_EQ(last_timeout_ms(), ms);
    }
    Source source;
    source.add_to(reactor);
    source.signal();
    EXPECT_TRUE(reactor.run_once(nanoseconds::max() - nanoseconds{1}));
    EXPECT_EQ(last_timeout_ms(), INT_MAX);
    EXPECT_LE(made(Call::epoll_pwait2), 5) << "asked for again";
}

}  // namespace
}  // namespace eventp::support
