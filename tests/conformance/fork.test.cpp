// SPDX-License-Identifier: MIT
#include <chrono>
#include <memory>
#include <optional>
#include <utility>

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/timerfd.h>

#include <eventp/eventp.hpp>

#include "support/files.hpp"
#include "support/forks.hpp"
#include "support/source.hpp"

namespace eventp {
namespace {

using namespace std::chrono_literals;
using support::ended_well;
using support::error_of;
using support::Fork;
using support::holds_in_child;
using support::is_readable;
using support::poll;
using support::Source;

constexpr auto error = std::errc::no_child_process;

class ReactorFork : public ::testing::TestWithParam<Fork> {};
INSTANTIATE_TEST_SUITE_P(Ways, ReactorFork, ::testing::Values(Fork::fork, Fork::raw_clone),
                         [](const auto& way) {
                             return way.param == Fork::fork ? "fork" : "raw_clone";
                         });

TEST_P(ReactorFork, RefusesEveryOperationAndEveryTurnInTheChild) {  // [fork.guard]
    Reactor reactor;
    Source source;
    source.add_to(reactor);
    source.signal();

    EXPECT_TRUE(holds_in_child(
        [&] {
            AnySubscriber other = Source{}.make();
            return error_of(reactor.add(other)) == error && other &&
                   error_of(reactor.modify(source.name, support::nothing)) == error &&
                   !reactor.remove(source.name) && !reactor.remove_now(source.name) &&
                   !reactor.extract(source.name) && !reactor.contains(source.name) &&
                   !reactor.requeue(source.name) &&
                   !reactor.feed_event(source.name, Event{EPOLLIN}) &&
                   error_of(reactor.run_once(0s)) == error &&
                   error_of(reactor.run_once()) == error && error_of(reactor.run()) == error &&
                   error_of(reactor.run_for(1s)) == error && error_of(reactor.fd()) == error &&
                   error_of(reactor.close_and_extract()) == error &&
                   reactor.find<Source::Tap>(source.name) == nullptr &&
                   reactor.interest_of(source.name).is_empty() && reactor.size() == 0;
        },
        GetParam()));

    EXPECT_EQ(poll(reactor), 1U);  // and the parent's set is what it was
}

TEST_P(ReactorFork,
       DoesNotAffectTheInstanceOfTheParentWhenTheChildDestroysItsCopy) {  // [fork.guard]
    std::optional<Reactor> reactor{std::in_place};
    Source source;
    source.add_to(*reactor);

    EXPECT_TRUE(holds_in_child(
        [&] {
            reactor.reset();
            return true;
        },
        GetParam()));

    source.signal();
    EXPECT_EQ(poll(*reactor), 1U);
}

TEST_P(ReactorFork, EndsTheChildsBatchWithTheHandlerThatForked) {  // [fork.guard]
    Reactor reactor;
    support::ForkOnce forks{GetParam()};
    int calls = 0;
    const auto handler = [&](Source& self, ReactorOps&) {
        self.drain();
        ++calls;
        forks();
    };
    Source first{support::reading, handler};
    Source second{support::reading, handler};
    Source third{support::reading, handler};
    for (Source* source : {&first, &second, &third}) {
        source->add_to(reactor);
        source->signal();
    }

    poll(reactor);

    EXPECT_TRUE(forks.end([&] { return calls == 1 && error_of(reactor.run_once(0s)) == error; }));
    EXPECT_EQ(calls, 3);
}

TEST_P(ReactorFork, LeavesSubscribersThatTheForkingHandlerRemovedToTheParent) {  // [fork.guard]
    Reactor reactor;
    pid_t child = -1;
    int destroyed = 0;
    Source victim;
    victim.on_destroy = [&destroyed] { ++destroyed; };
    Source forker{support::reading, [&](Source&, ReactorOps& ops) {
                      ops.remove(victim.name);
                      child = support::fork_by(GetParam());
                  }};
    victim.add_to(reactor);
    forker.add_to(reactor);
    forker.signal();

    poll(reactor);
    if (child == 0) {
        support::end_child(destroyed == 0);
    }

    EXPECT_TRUE(ended_well(child));
    EXPECT_EQ(destroyed, 1);
}

TEST(ReactorForkEnd, LetsAChildExitInTheHandlerThatForked) {  // [fork.guard]
    auto reactor = std::make_unique<Reactor>();
    pid_t child = -1;
    Source source{support::reading, [&](Source&, ReactorOps&) {
                      child = ::fork();
                      if (child == 0) {
                          reactor.reset();  // as exit() does to a static one
                          support::end_child(true);
                      }
                  }};
    source.add_to(*reactor);
    source.signal();

    poll(*reactor);

    EXPECT_TRUE(ended_well(child));
}

TEST(ReactorForkEnd, RefusesPostsAndCallsInTheChild) {  // [remote.fork]
    Reactor reactor;
    const RemoteEndpoint endpoint{reactor};
    int runs = 0;
    ASSERT_TRUE(endpoint.post([&runs] { ++runs; }));

    EXPECT_TRUE(holds_in_child([&] {
        const bool all = error_of(endpoint.post([] {})) == error &&
                         error_of(endpoint.call([] {}, 1s)) == error &&
                         error_of(endpoint.stop()) == error;
        // What was posted before the fork is the parent's.
        return all && reactor.reinit_after_fork() && poll(reactor) == 0 && runs == 0 &&
               endpoint.post([&runs] { ++runs; }) && poll(reactor) == 0 && runs == 1;
    }));

    poll(reactor);
    EXPECT_EQ(runs, 1);
}

TEST(ReactorForkEnd, RefusesAPendingCallOfTheParentInTheChild) {  // [remote.fork]
    Reactor reactor;
    const RemoteEndpoint endpoint{reactor};
    PendingCall<int> first = endpoint.call_async([] { return 1; });
    PendingCall<int> second = endpoint.call_async([] { return 2; });

    EXPECT_TRUE(holds_in_child([&] {
        const bool before = first.is_ready() && error_of(std::move(first).get()) == error;
        return before && reactor.reinit_after_fork() && poll(reactor) == 0 && second.is_ready() &&
               error_of(std::move(second).get()) == error;
    }));

    poll(reactor);
    EXPECT_EQ(std::move(first).get(), 1);
    EXPECT_EQ(std::move(second).get(), 2);
}

TEST(ReactorForkEnd, RefusesCallsInTheChildOfAHandler) {  // [remote.fork]
    Reactor reactor;
    const RemoteEndpoint endpoint{reactor};
    PendingCall<int> answer = endpoint.call_async([] { return 1; });
    bool is_refused = false;
    pid_t child = -1;
    Source source{support::reading, [&](Source&, ReactorOps&) {
                      child = ::fork();
                      if (child == 0) {
                          is_refused = error_of(endpoint.call([] {})) == error &&
                                       error_of(std::move(answer).get()) == error;
                          support::end_child(is_refused);
                      }
                  }};
    source.add_to(reactor);
    source.signal();

    poll(reactor);

    EXPECT_TRUE(ended_well(child));
}

/// A periodic timer that makes a timerfd of its own in a child.
class Ticker {
public:
    Ticker() : timer_{make()} {}
    [[nodiscard]] int fd() const noexcept { return timer_.fd(); }
    [[nodiscard]] Interest interest() const noexcept { return support::reading; }
    void handle(ReactorOps& reactor) {
        std::uint64_t expirations = 0;
        static_cast<void>(::read(fd(), &expirations, sizeof expirations));
        ++ticks;
        reactor.stop();
    }
    void after_fork(ReactorOps& /*reactor*/) {
        const OwnedFd fresh = make();
        EXPECT_EQ(::dup3(fresh.fd(), fd(), O_CLOEXEC), fd());
        was_forked = true;
    }
    int ticks = 0;
    bool was_forked = false;

private:
    static OwnedFd make() {
        OwnedFd timer{::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)};
        const itimerspec soon{{0, 1'000'000}, {0, 1'000'000}};
        EXPECT_EQ(::timerfd_settime(timer.fd(), 0, &soon, nullptr), 0);
        return timer;
    }
    OwnedFd timer_;
};

TEST(ReactorReinit, KeepsSubscribersWithAfterForkAndDestroysTheOthers) {  // [fork.reinit]
    Reactor reactor;
    AnySubscriber ticker = AnySubscriber::make<Ticker>();
    const RegistrationId name = reactor.add(ticker).value();
    Source plain;
    int destroyed = 0;
    plain.on_destroy = [&destroyed] { ++destroyed; };
    plain.add_to(reactor);

    EXPECT_TRUE(holds_in_child([&] {
        if (!reactor.reinit_after_fork() || destroyed != 1 || reactor.contains(plain.name)) {
            return false;
        }
        Ticker* kept = reactor.find<Ticker>(name);
        return kept != nullptr && kept->was_forked && reactor.run() && kept->ticks > 0;
    }));

    EXPECT_EQ(destroyed, 0);
    plain.signal();
    EXPECT_TRUE(reactor.run());  // the timer of the parent continues
    EXPECT_TRUE(reactor.contains(plain.name));
}

TEST(ReactorReinit, CallsAfterForkOfADescriptorObjectToo) {  // [fork.reinit]
    Reactor reactor;
    const auto name = interest()
                          .read()
                          .with_fd(std::make_unique<Ticker>())
                          .with_handler([](Ticker& ticker, ReactorOps& ops) { ticker.handle(ops); })
                          .register_into(reactor)
                          .value();

    EXPECT_TRUE(holds_in_child([&] {
        return reactor.reinit_after_fork() && reactor.contains(name) &&
               reactor.find<Ticker>(name)->was_forked && reactor.run();
    }));
}

TEST(ReactorReinit, GivesTheChildAWorkingReactorOfItsOwn) {  // [fork.reinit]
    Reactor reactor;
    Source parents;
    parents.add_to(reactor);
    const int embedded = reactor.fd().value().fd();

    EXPECT_TRUE(holds_in_child([&] {
        if (!reactor.reinit_after_fork()) {
            return false;
        }
        Source childs;
        childs.add_to(reactor);
        childs.signal();
        return is_readable(reactor.fd()->fd()) && poll(reactor) == 1 && childs.calls == 1 &&
               reactor.remove(childs.name) && reactor.stats().registered == 0;
    }));

    EXPECT_FALSE(is_readable(embedded));
    parents.signal();
    EXPECT_TRUE(is_readable(embedded));
    EXPECT_EQ(poll(reactor), 1U);
}

TEST(ReactorReinit, IsRefusedUntilTheHandlerThatForkedHasReturned) {  // [fork.reinit]
    Reactor reactor;
    pid_t child = -1;
    std::error_code inside;
    Source source{support::reading, [&](Source&, ReactorOps&) {
                      child = ::fork();
                      if (child == 0) {
                          inside = error_of(reactor.reinit_after_fork());
                      }
                  }};
    source.add_to(reactor);
    source.signal();

    poll(reactor);
    if (child == 0) {
        support::end_child(inside == std::errc::device_or_resource_busy &&
                           reactor.reinit_after_fork().has_value());
    }

    EXPECT_TRUE(ended_well(child));
}

TEST(ReactorReinit, DoesNothingInTheParent) {  // [fork.reinit]
    Reactor reactor;
    Source source;
    source.add_to(reactor);

    EXPECT_TRUE(reactor.reinit_after_fork());

    EXPECT_TRUE(reactor.contains(source.name));
}

TEST(ReactorReinit, DropsAStopRequestOfTheParent) {  // [fork.reinit]
    Reactor reactor;
    reactor.stop();

    EXPECT_TRUE(holds_in_child([&] {
        EXPECT_TRUE(reactor.reinit_after_fork());
        EXPECT_TRUE(reactor.run_for(std::chrono::seconds{0}));
        EXPECT_EQ(reactor.stats().turns, 1U);
    }));

    EXPECT_TRUE(reactor.run());
    EXPECT_EQ(reactor.stats().turns, 0U);
}

TEST(ReactorReinit, WorksInAGrandchildToo) {  // [fork.reinit]
    Reactor reactor;

    EXPECT_TRUE(holds_in_child([&] {
        return reactor.reinit_after_fork() && holds_in_child([&] {
                   return error_of(reactor.run_once(0s)) == error && reactor.reinit_after_fork() &&
                          reactor.run_once(0s);
               });
    }));
}

TEST(ForkOfAClosedReactor, StaysClosedInTheChild) {  // [fork.reinit] [reactor.close_and_extract]
    Reactor reactor;
    const RemoteEndpoint endpoint{reactor};
    ASSERT_TRUE(reactor.close_and_extract());

    EXPECT_TRUE(support::holds_in_child([&] {
        EXPECT_EQ(error_of(reactor.run_once()), std::errc::no_child_process);
        EXPECT_TRUE(reactor.reinit_after_fork());
        EXPECT_EQ(error_of(reactor.run_once()), std::errc::operation_canceled);
        EXPECT_EQ(error_of(endpoint.post([] {})), std::errc::broken_pipe);
        EXPECT_EQ(error_of(endpoint.call([] {})), std::errc::broken_pipe);
        EXPECT_EQ(error_of(endpoint.stop()), std::errc::broken_pipe);
    }));
    EXPECT_EQ(error_of(endpoint.post([] {})), std::errc::broken_pipe);
}

}  // namespace
}  // namespace eventp
