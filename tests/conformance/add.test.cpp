// SPDX-License-Identifier: MIT
//
// What add() promises when it succeeds, and when the kernel or the reactor refuses.
#include <array>
#include <climits>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include "support/files.hpp"
#include "support/kernel_set.hpp"
#include "support/source.hpp"

namespace eventp::support {
namespace {

TEST(ReactorAdd, EmptiesItsArgumentAndReturnsTheId) {  // [add.next_turn]
    Reactor reactor;
    Source source;
    AnySubscriber subscriber = source.make();

    const auto added = reactor.add(subscriber);

    ASSERT_TRUE(added);
    EXPECT_FALSE(subscriber);
    EXPECT_EQ(added->fd(), source.fd());
    EXPECT_TRUE(reactor.contains(*added));
    EXPECT_EQ(reactor.stats().registered, 1U);
    source.signal();
    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(source.event, Event{EPOLLIN});
    EXPECT_EQ(source.told, reading);
    EXPECT_EQ(source.told_name, *added);
}

TEST(ReactorAdd, ReportsWhatIsAlreadyReadyInTheNextWaitAndNotInTheCurrentBatch) {
    // [add.next_turn]
    Reactor reactor;
    Source newcomer;
    newcomer.signal();
    const Crowd crowd{reactor, 3, reading, [&](std::size_t position, Source& self, ReactorOps& by) {
                          self.drain();
                          if (position == 0) {
                              newcomer.add_to(by);
                          }
                      }};
    crowd.signal_all();
    EXPECT_EQ(poll(reactor), 3U);
    EXPECT_EQ(newcomer.calls, 0);

    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(newcomer.calls, 1);
}

TEST(ReactorAdd, DoesNotCallANewSubscriberForEventsOfItsPredecessor) {
    // [add.next_turn] [remove.readd]
    Reactor reactor;
    Crowd crowd{reactor, 3, reading_edges};
    Source* replaced = nullptr;
    crowd.then = [&](std::size_t position, Source&, ReactorOps& by) {
        if (position == 0) {
            replaced = &crowd.waiting();
            EXPECT_TRUE(by.remove(replaced->name));
            replaced->add_to(by);
        }
    };
    crowd.signal_all();

    EXPECT_EQ(poll(reactor), 2U);
    ASSERT_NE(replaced, nullptr);
    EXPECT_EQ(replaced->calls, 0);
    EXPECT_EQ(replaced->destroyed, 1);

    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(replaced->calls, 1);
}

#if defined(__cpp_exceptions)
TEST(ReactorAdd, DoesNotCallANewSubscriberInTheRestOfABatch) {  // [add.next_turn] [dispatch.throws]
    Reactor reactor;
    const Crowd crowd{reactor, 3, reading_edges, [](std::size_t position, Source&, ReactorOps&) {
                          if (position == 0) {
                              throw std::runtime_error{"first"};
                          }
                      }};
    crowd.signal_all();
    EXPECT_THROW(static_cast<void>(poll(reactor)), std::runtime_error);
    Source newcomer;
    newcomer.signal();
    newcomer.add_to(reactor);

    EXPECT_EQ(poll(reactor), 2U);
    EXPECT_EQ(newcomer.calls, 0);

    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(newcomer.calls, 1);
}
#endif

// --- the strong guarantee -----------------------------------------------------------------------

struct Refusal {
    const char* name;
    OwnedFd (*open)();  // what stays open during the attempt
    int (*number)(const OwnedFd& file);
    Interest interest;
    std::errc error;
};

OwnedFd none() {
    return OwnedFd{};
}
OwnedFd an_eventfd() {
    return make_eventfd();
}
OwnedFd a_path() {
    return open_file("/proc/self/mounts", O_PATH);
}
OwnedFd a_directory() {
    return open_file("/", O_DIRECTORY);
}
OwnedFd dev_null() {
    return open_file("/dev/null");
}
OwnedFd a_regular_file() {
    return open_file("/proc/self/exe");
}
int its_number(const OwnedFd& file) {
    return file.fd();
}

const Refusal refusals[] = {
    {"Negative", none, [](const OwnedFd&) { return -1; }, reading, std::errc::bad_file_descriptor},
    {"VeryNegative", none, [](const OwnedFd&) { return INT_MIN; }, reading,
     std::errc::bad_file_descriptor},
    {"Closed", none, [](const OwnedFd&) { return closed_number(); }, reading,
     std::errc::bad_file_descriptor},
    {"FarAway", none, [](const OwnedFd&) { return 1'000'000'000; }, reading,
     std::errc::bad_file_descriptor},
    {"Largest", none, [](const OwnedFd&) { return INT_MAX; }, reading,
     std::errc::bad_file_descriptor},
    {"OnlyAPath", a_path, its_number, reading, std::errc::bad_file_descriptor},
    {"RegularFile", a_regular_file, its_number, reading, std::errc::operation_not_permitted},
    {"Directory", a_directory, its_number, reading, std::errc::operation_not_permitted},
    {"DevNull", dev_null, its_number, reading, std::errc::operation_not_permitted},
    {"PausedClosed", none, [](const OwnedFd&) { return closed_number(); }, nothing,
     std::errc::bad_file_descriptor},
    {"PausedRegularFile", a_regular_file, its_number, nothing, std::errc::operation_not_permitted},
    {"UnknownBits", an_eventfd, its_number, Interest{EPOLLIN | 1U << 20U},
     std::errc::invalid_argument},
    {"ExclusiveOneshot", an_eventfd, its_number, reading_exclusively.oneshot(),
     std::errc::invalid_argument},
    {"ExclusivePriority", an_eventfd, its_number, reading_exclusively.priority(),
     std::errc::invalid_argument},
    {"ExclusiveReadHangup", an_eventfd, its_number, reading_exclusively.read_hangup(),
     std::errc::invalid_argument},
};

class ReactorAddRefuses : public testing::TestWithParam<Refusal> {};

TEST_P(ReactorAddRefuses, WithTheCodeAndChangesNothing) {  // [add.strong] [interest.exclusive]
    Reactor reactor;
    Source bystander;
    bystander.add_to(reactor);
    const OwnedFd file = GetParam().open();
    const int number = GetParam().number(file);
    Source refused{number, GetParam().interest};
    AnySubscriber subscriber = refused.make();

    const auto added = reactor.add(subscriber);

    EXPECT_EQ(error_of(added), GetParam().error) << error_of(added).message();
    ASSERT_TRUE(subscriber);
    EXPECT_NE(subscriber.find<Source::Tap>(), nullptr);
    EXPECT_EQ(refused.destroyed, 0);
    EXPECT_EQ(is_open(number), file.fd() >= 0);
    EXPECT_FALSE(reactor.contains(BorrowedFd{number}));
    EXPECT_EQ(reactor.stats().registered, 1U);
    bystander.signal();
    EXPECT_EQ(poll(reactor), 1U);
    subscriber = AnySubscriber{};
    EXPECT_EQ(refused.destroyed, 1);
}

TEST_P(ReactorAddRefuses, InAHandlerToo) {  // [add.strong]
    Reactor reactor;
    const OwnedFd file = GetParam().open();
    std::error_code error;
    int destroyed = 0;
    Source source{reading, [&](Source&, ReactorOps& by) {
                      Source refused{GetParam().number(file), GetParam().interest};
                      refused.on_destroy = [&] { ++destroyed; };
                      AnySubscriber subscriber = refused.make();
                      error = error_of(by.add(subscriber));
                      EXPECT_TRUE(subscriber);
                      EXPECT_EQ(destroyed, 0);
                  }};
    source.add_to(reactor);
    source.signal();

    EXPECT_EQ(poll(reactor), 1U);

    EXPECT_EQ(error, GetParam().error) << error.message();
    EXPECT_EQ(destroyed, 1);
    EXPECT_EQ(reactor.stats().registered, 1U);
}

INSTANTIATE_TEST_SUITE_P(Input, ReactorAddRefuses, testing::ValuesIn(refusals),
                         [](const auto& tested) { return std::string{tested.param.name}; });

TEST(ReactorAdd, RefusesADescriptorThatIsRegisteredAndKeepsTheFirstSubscriber) {  // [add.strong]
    Reactor reactor;
    Source first;
    const RegistrationId name = first.add_to(reactor);
    Source refused{first.fd()};
    AnySubscriber second = refused.make();

    EXPECT_EQ(error_of(reactor.add(second)), std::errc::file_exists);

    EXPECT_TRUE(second);
    EXPECT_EQ(refused.destroyed, 0);
    EXPECT_TRUE(reactor.contains(name));
    first.signal();
    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(first.calls, 1);
}

TEST(ReactorAdd, AcceptsASubscriberThatWasRefusedAfterTheCauseIsRemoved) {  // [add.strong]
    Reactor reactor;
    Source source;
    source.add_to(reactor);
    AnySubscriber second = source.make();
    EXPECT_EQ(error_of(reactor.add(second)), std::errc::file_exists);
    EXPECT_TRUE(reactor.remove(source));

    EXPECT_TRUE(reactor.add(second));

    source.signal();
    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(source.destroyed, 1);
}

TEST(ReactorAdd, RefusesAnEmptySubscriber) {  // [add.strong]
    Reactor reactor;
    AnySubscriber empty;

    EXPECT_EQ(error_of(reactor.add(empty)), std::errc::invalid_argument);

    EXPECT_EQ(reactor.stats().registered, 0U);
}

TEST(ReactorAdd, RefusesItsOwnDescriptor) {  // [add.strong]
    Reactor reactor;
    const auto own = reactor.fd();
    ASSERT_TRUE(own);
    Source source{own->fd()};
    AnySubscriber subscriber = source.make();

    EXPECT_EQ(error_of(reactor.add(subscriber)), std::errc::invalid_argument);

    EXPECT_TRUE(subscriber);
    EXPECT_TRUE(is_open(own->fd()));
}

TEST(ReactorAdd, RefusesItsOwnWakeUp) {  // [add.strong] [run.token]
    const std::size_t others = open_numbers("anon_inode:[eventfd]").size();
    ASSERT_EQ(others, 0U) << "whose wake-up is whose?";
    Reactor reactor;
    const auto wake_ups = open_numbers("anon_inode:[eventfd]");
    ASSERT_EQ(wake_ups.size(), 1U);
    Source source{wake_ups.front()};
    AnySubscriber subscriber = source.make();

    EXPECT_EQ(error_of(reactor.add(subscriber)), std::errc::invalid_argument);
}

TEST(ReactorAdd, RefusesACycleOfReactors) {  // [add.strong] [reactor.fd]
    Reactor outer;
    Reactor inner;
    Source watched{inner.fd().value().fd()};
    watched.add_to(outer);
    Source refused{outer.fd().value().fd()};
    AnySubscriber back = refused.make();

    EXPECT_EQ(error_of(inner.add(back)), std::errc::too_many_symbolic_link_levels);

    EXPECT_TRUE(back);
    EXPECT_EQ(refused.destroyed, 0);
}

TEST(ReactorAdd, RefusesAnEpollInstanceThatIsNestedTooDeep) {  // [add.strong]
    Reactor reactor;
    std::vector<OwnedFd> sets;
    for (int level = 0; level < 6; ++level) {
        sets.emplace_back(::epoll_create1(EPOLL_CLOEXEC));
        epoll_event event{.events = EPOLLIN, .data = {.fd = 0}};
        if (level > 0 &&
            ::epoll_ctl(sets.back().fd(), EPOLL_CTL_ADD, sets[sets.size() - 2].fd(), &event) != 0) {
            sets.pop_back();
        }
    }
    Source refused{sets.back().fd()};
    AnySubscriber top = refused.make();

    EXPECT_EQ(error_of(reactor.add(top)), std::errc::too_many_symbolic_link_levels);

    EXPECT_TRUE(top);
}

TEST(ReactorAdd, IsRefusedByAReactorThatWasClosed) {  // [add.strong] [reactor.close_and_extract]
    Reactor reactor;
    ASSERT_TRUE(reactor.close_and_extract());
    Source source;
    AnySubscriber subscriber = source.make();

    EXPECT_EQ(error_of(reactor.add(subscriber)), std::errc::operation_canceled);

    EXPECT_TRUE(subscriber);
}

// --- when the descriptor is read ----------------------------------------------------------------

TEST(ReactorAdd, ReadsTheDescriptorOnceSoThatAFickleObjectDoesNoHarm) {  // [add.strong]
    Reactor reactor;
    Source victim;
    victim.add_to(reactor);
    const OwnedFd file = make_eventfd(1);
    const std::array answers{file.fd(), victim.fd(), -1};
    std::size_t asked = 0;
    Source fickle{file.fd()};
    fickle.on_fd = [&] { fickle.number = answers.at(asked++ % answers.size()); };

    const RegistrationId added = fickle.add_to(reactor);

    EXPECT_EQ(asked, 1U);
    ASSERT_EQ(added.fd(), file.fd());
    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_TRUE(reactor.modify(added, reading_edges));
    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_TRUE(reactor.remove(added));
    EXPECT_EQ(asked, 1U);
    EXPECT_EQ(fickle.calls, 2);
    EXPECT_EQ(poll(reactor), 0U);
    victim.signal();
    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(victim.destroyed, 0);
    EXPECT_EQ(reactor.stats().quarantined, 0U);
}

}  // namespace
}  // namespace eventp::support
