// SPDX-License-Identifier: MIT
//
// The epoll instance is replaced by one without stale entries: when, and how subscribers continue.
#include <deque>
#include <stop_token>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <sys/epoll.h>

#include "support/kernel_set.hpp"

namespace eventp::support {
namespace {

// --- when ---------------------------------------------------------------------------------------

class RebuildAfterGhosts : public testing::TestWithParam<int> {};

INSTANTIATE_TEST_SUITE_P(Live, RebuildAfterGhosts, testing::Values(0, 15, 16, 31, 32, 64));

TEST_P(RebuildAfterGhosts, OfMoreThanOneAndASixteenthOfTheLiveSubscribers) {  // [ghost.rebuild]
    Reactor reactor;
    Crowd live{reactor, static_cast<std::size_t>(GetParam()), reading};
    const Ghost ghost{reactor};
    ghost.signal();
    const int allowed = 1 + GetParam() / 16;

    for (int turn = 0; turn < allowed; ++turn) {
        EXPECT_EQ(poll(reactor), 0U);
    }
    EXPECT_EQ(reactor.stats().rebuilds, 0U);
    EXPECT_EQ(poll(reactor), 0U);

    EXPECT_EQ(reactor.stats().rebuilds, 1U);
    EXPECT_EQ(entries_held(), static_cast<std::size_t>(GetParam()));
    live.signal_all();
    EXPECT_EQ(poll(reactor), static_cast<std::size_t>(GetParam()));
}

/// Makes `count` removed subscribers that the kernel may know, as far as the reactor can tell.
void quarantine(Reactor& reactor, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
        Source source;
        source.add_to(reactor);
        source.file.reset();
        EXPECT_TRUE(reactor.remove_now(source.name));
    }
}

TEST(Rebuild, LimitsTheQuarantineTo1024) {  // [ghost.rebuild]
    Reactor reactor;

    quarantine(reactor, 1024);
    EXPECT_EQ(reactor.stats().quarantined, 1024U);
    EXPECT_EQ(reactor.stats().rebuilds, 0U);
    quarantine(reactor, 1);

    EXPECT_EQ(reactor.stats().quarantined, 0U);
    EXPECT_EQ(reactor.stats().rebuilds, 1U);
}

TEST(Rebuild, LimitsTheQuarantineToTheLiveSubscribersIfTheyAreMore) {  // [ghost.rebuild]
    constexpr std::size_t live = 1100;
    const FileLimit more{4096};
    Reactor reactor;
    Crowd crowd{reactor, live, reading};

    quarantine(reactor, live);
    EXPECT_EQ(reactor.stats().quarantined, live);
    EXPECT_EQ(reactor.stats().rebuilds, 0U);
    quarantine(reactor, 1);

    EXPECT_EQ(reactor.stats().quarantined, 0U);
    EXPECT_EQ(reactor.stats().rebuilds, 1U);
    EXPECT_EQ(entries_held(), live);
}

TEST(Rebuild, IsNotMadeInAHandlerButAfterTheBatch) {  // [ghost.rebuild]
    Reactor reactor;
    Source source;
    source.then = [&](Source&, ReactorOps&) {
        quarantine(reactor, 1025);
        EXPECT_EQ(reactor.stats().rebuilds, 0U);
        EXPECT_EQ(reactor.stats().quarantined, 1025U);
    };
    source.add_to(reactor);
    source.signal();

    EXPECT_EQ(poll(reactor), 1U);

    EXPECT_EQ(reactor.stats().rebuilds, 1U);
    EXPECT_EQ(reactor.stats().quarantined, 0U);
}

#if defined(__cpp_exceptions)
TEST(Rebuild, WaitsUntilTheRestOfABatchIsDispatched) {  // [ghost.rebuild] [dispatch.throws]
    Reactor reactor;
    Crowd crowd{reactor, 2, reading_edges, [&](std::size_t position, Source&, ReactorOps&) {
                    if (position == 0) {
                        throw 1;
                    }
                }};
    crowd.signal_all();
    EXPECT_THROW(static_cast<void>(reactor.run_once()), int);

    quarantine(reactor, 1025);
    EXPECT_EQ(reactor.stats().rebuilds, 0U);
    EXPECT_EQ(poll(reactor), 1U);

    EXPECT_EQ(reactor.stats().rebuilds, 1U);
    EXPECT_EQ(crowd.order.size(), 2U);
}
#endif

// --- the subscribers afterwards -----------------------------------------------------------------

TEST(Rebuilt, HoldsExactlyWhatIsRegistered) {  // [ghost.rebuild]
    Reactor reactor;
    std::deque<OwnedFd> files;
    std::deque<Source> subscribers;
    std::vector<KernelEntry> expected;
    for (const Interest kind :
         {reading, reading_edges, reading_once, reading_exclusively, nothing}) {
        const int number = 160 + static_cast<int>(files.size());
        files.push_back(make_eventfd_at(number));
        subscribers.emplace_back(number, kind).add_to(reactor);
        if (kind != nothing) {
            expected.push_back({number, kind.bits(), subscribers.back().address});
        }
    }

    rebuild_now(reactor);

    auto found = entries_of(working_set());
    std::erase_if(found, [](const KernelEntry& entry) { return entry.number < 160; });
    for (KernelEntry& entry : found) {
        entry.events &= ~std::uint32_t{EPOLLERR | EPOLLHUP};  // always there
    }
    EXPECT_EQ(found, expected);
}

TEST(Rebuilt, ContinuesToReport) {  // [ghost.rebuild]
    for (const Interest kind : {reading, reading_edges, reading_once, reading_exclusively}) {
        Reactor reactor;
        Source source{kind};
        source.add_to(reactor);
        rebuild_now(reactor);
        EXPECT_EQ(poll(reactor), 0U);

        source.signal();

        EXPECT_EQ(poll(reactor), 1U);
        EXPECT_EQ(source.calls, 1);
        EXPECT_TRUE(source.event.is_readable());
    }
}

TEST(Rebuilt, LosesNoEventThatHadNotBeenReported) {  // [ghost.rebuild]
    for (const Interest kind : {reading, reading_edges, reading_once, reading_exclusively}) {
        Reactor reactor;
        Source source{kind};
        source.add_to(reactor);
        source.signal();

        rebuild_now(reactor);

        EXPECT_EQ(poll(reactor), 1U);
    }
}

TEST(Rebuilt, MayReportAnEdgeOnceMore) {  // [ghost.rebuild]
    Reactor reactor;
    Source source{reading_edges};
    source.add_to(reactor);
    source.signal();
    EXPECT_EQ(poll(reactor), 1U);

    rebuild_now(reactor);

    EXPECT_EQ(poll(reactor), 1U);  // Kernel: ADD looks at the readiness of now
    EXPECT_EQ(poll(reactor), 0U);
}

TEST(Rebuilt, KeepsAFiredOneShotSubscriberDisarmed) {  // [ghost.rebuild]
    Reactor reactor;
    Source source{reading_once};
    source.add_to(reactor);
    source.signal();
    EXPECT_EQ(poll(reactor), 1U);

    rebuild_now(reactor);

    EXPECT_EQ(poll(reactor), 0U);
    source.signal();
    EXPECT_EQ(poll(reactor), 0U);
    EXPECT_EQ(source.calls, 1);
    EXPECT_TRUE(reactor.modify(source.name, reading_once));
    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(poll(reactor), 0U);
    EXPECT_EQ(source.calls, 2);
}

TEST(Rebuilt, DropsTheHangupOfAFiredOneShotSubscriber) {  // [ghost.rebuild]
    Reactor reactor;
    Pipe pipe;
    Source watched{pipe.read.fd(), reading_once};
    watched.add_to(reactor);
    ASSERT_EQ(::write(pipe.write.fd(), "x", 1), 1);
    EXPECT_EQ(poll(reactor), 1U);
    pipe.write.reset();
    EXPECT_EQ(poll(reactor), 0U);

    rebuild_now(reactor);

    EXPECT_EQ(poll(reactor), 0U);
    EXPECT_EQ(poll(reactor), 0U);
    EXPECT_EQ(watched.calls, 1);
    EXPECT_LE(reactor.stats().events_dropped, 1U) << "it spins";
}

TEST(Rebuilt, DoesNotWatchAPausedSubscriberUntilItResumes) {  // [ghost.rebuild] [modify.paused]
    Reactor reactor;
    Source source;
    source.add_to(reactor);
    source.signal();
    EXPECT_TRUE(reactor.modify(source.name, nothing));

    rebuild_now(reactor);

    EXPECT_EQ(entries_held(), 0U);
    EXPECT_EQ(poll(reactor), 0U);
    EXPECT_TRUE(reactor.modify(source.name, reading));
    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(reactor.stats().descriptors_detached, 1U) << "only the one that rebuild_now() closes";
}

TEST(Rebuilt,
     KeepsTheRegistrationOfAClosedDescriptorAndCountsItAsDetachedOnce) {  // [ghost.rebuild]
    Reactor reactor;
    OwnedFd file = make_eventfd_at(165, 1);
    const OwnedFd kept = duplicate(165);
    Source watched{165};
    watched.add_to(reactor);
    file.reset();

    rebuild_now(reactor);
    EXPECT_EQ(reactor.stats().descriptors_detached, 1U + 1U)
        << "and the one that rebuild_now() closes";
    EXPECT_TRUE(reactor.contains(watched.name));
    EXPECT_EQ(poll(reactor), 0U);
    rebuild_now(reactor);
    EXPECT_EQ(reactor.stats().descriptors_detached, 1U + 2U);

    // Like a paused one: it resumes when its descriptor is open again.
    EXPECT_EQ(error_of(reactor.modify(watched.name, reading)), std::errc::bad_file_descriptor);
    const OwnedFd again = make_eventfd_at(165, 1);
    EXPECT_TRUE(reactor.modify(watched.name, reading));
    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(watched.calls, 1);
}

TEST(Rebuilt, LetsADetachedSubscriberBeRemovedAndItsDescriptorBeReused) {
    // [ghost.rebuild] [remove.always]
    Reactor reactor;
    OwnedFd file = make_eventfd_at(165, 1);
    const OwnedFd kept = duplicate(165);
    Source first{165};
    first.add_to(reactor);
    file.reset();
    rebuild_now(reactor);

    EXPECT_TRUE(reactor.remove(first.name));
    EXPECT_EQ(first.destroyed, 1);
    EXPECT_EQ(reactor.stats().quarantined, 0U) << "no kernel entry, no quarantine";
    const OwnedFd next = make_eventfd_at(165, 1);
    Source second{165};
    second.add_to(reactor);

    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(second.calls, 1);
    EXPECT_EQ(first.calls, 0);
}

TEST(Rebuilt, CountsADescriptorThatBecameARegularFileAsDetached) {  // [ghost.rebuild]
    Reactor reactor;
    OwnedFd file = make_eventfd_at(165, 1);
    const OwnedFd kept = duplicate(165);
    Source watched{165};
    watched.add_to(reactor);
    const OwnedFd null = open_file("/dev/null");
    ASSERT_EQ(::dup3(null.fd(), 165, O_CLOEXEC), 165);

    rebuild_now(reactor);

    EXPECT_EQ(reactor.stats().descriptors_detached, 2U);
    EXPECT_EQ(poll(reactor), 0U);
    EXPECT_TRUE(reactor.contains(watched.name));
}

TEST(Rebuilt, KeepsTheWakeUp) {  // [ghost.rebuild] [run.token]
    Reactor reactor;
    rebuild_now(reactor);
    std::stop_source stop;
    std::jthread stopper{[&stop] { stop.request_stop(); }};

    EXPECT_TRUE(reactor.run(stop.get_token()));
}

TEST(Rebuilt, KeepsRequeuedEvents) {  // [ghost.rebuild] [requeue]
    Reactor reactor;
    Source source{reading_edges};
    source.then = [&](Source& self, ReactorOps& by) { EXPECT_TRUE(by.requeue(self)); };
    source.add_to(reactor);
    source.signal();
    EXPECT_EQ(poll(reactor), 1U);
    source.then = {};
    source.drain();

    rebuild_now(reactor);

    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(source.calls, 2);
}

TEST(Rebuilt,
     KeepsTheRequeuedEventOfAFiredOneShotSubscriberWithAHangup) {  // [ghost.rebuild] [requeue]
    Reactor reactor;
    Pipe pipe;
    Source watched{pipe.read.fd(), reading_once, [](Source& self, ReactorOps& by) {
                       EXPECT_TRUE(by.requeue(self.name));
                       self.then = {};
                   }};
    watched.add_to(reactor);
    ASSERT_EQ(::write(pipe.write.fd(), "x", 1), 1);
    pipe.write.reset();
    EXPECT_EQ(poll(reactor), 1U);

    rebuild_now(reactor);

    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(watched.calls, 2);
    EXPECT_TRUE(watched.event.is_readable());
    EXPECT_EQ(poll(reactor), 0U);
    EXPECT_EQ(poll(reactor), 0U);
    EXPECT_EQ(watched.calls, 2);
}

}  // namespace
}  // namespace eventp::support
