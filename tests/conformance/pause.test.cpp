// SPDX-License-Identifier: MIT
//
// An empty interest: the subscriber stays, the kernel forgets its descriptor.
#include <gtest/gtest.h>

#include "support/files.hpp"
#include "support/source.hpp"

namespace eventp::support {
namespace {

/// A descriptor object that its handler, or the test, may replace.
struct Replaceable {
    int number;

    [[nodiscard]] int fd() const noexcept { return number; }
};

TEST(ReactorPause, ReportsNothingUntilSomethingIsAskedForAgain) {  // [modify.paused]
    Reactor reactor;
    Source source;
    const RegistrationId name = source.add_to(reactor);
    source.signal();

    EXPECT_TRUE(reactor.modify(name, nothing));
    EXPECT_EQ(poll(reactor), 0U);
    EXPECT_TRUE(reactor.contains(name));
    EXPECT_EQ(source.destroyed, 0);

    EXPECT_TRUE(reactor.modify(name, reading));
    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(source.told_name, name);
}

TEST(ReactorPause, ReportsNotEvenAHangup) {  // [modify.paused]
    Reactor reactor;
    Pipe pipe;
    int calls = 0;
    const auto name = interest()
                          .read()
                          .with_fd(BorrowedFd{pipe.read.fd()})
                          .with_handler([&] { ++calls; })
                          .register_into(reactor);
    ASSERT_TRUE(name);
    EXPECT_TRUE(reactor.modify(*name, nothing));

    pipe.write.reset();

    EXPECT_EQ(poll(reactor), 0U);
    EXPECT_EQ(calls, 0);
    EXPECT_TRUE(reactor.modify(*name, reading));
    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(calls, 1);
}

TEST(ReactorPause, TakesAnInterestOfModesAloneForAnEmptyOne) {  // [modify.paused]
    Reactor reactor;
    Source source;
    source.add_to(reactor);
    source.signal();

    EXPECT_TRUE(reactor.modify(source, Interest{}.edge_triggered().oneshot()));

    EXPECT_EQ(poll(reactor), 0U);
}

TEST(ReactorAdd, WithAnEmptyInterestRegistersItPaused) {  // [modify.paused]
    Reactor reactor;
    Source source{nothing};
    source.signal();
    const RegistrationId name = source.add_to(reactor);

    EXPECT_EQ(poll(reactor), 0U);
    EXPECT_TRUE(reactor.contains(name));

    EXPECT_TRUE(reactor.modify(name, reading));
    EXPECT_EQ(poll(reactor), 1U);
}

TEST(ReactorPause, TwiceIsTheSameAsOnce) {  // [modify.paused]
    Reactor reactor;
    Source source;
    source.add_to(reactor);

    EXPECT_TRUE(reactor.modify(source, nothing));
    EXPECT_TRUE(reactor.modify(source, nothing));

    EXPECT_TRUE(reactor.modify(source, reading));
    source.signal();
    EXPECT_EQ(poll(reactor), 1U);
}

TEST(ReactorPause, FromItsOwnHandlerStopsASpinOnAHangup) {  // [modify.paused]
    Reactor reactor;
    Pipe pipe;
    int calls = 0;
    const auto name = interest()
                          .read()
                          .with_fd(BorrowedFd{pipe.read.fd()})
                          .with_handler([&](RegistrationId self, ReactorOps& by) {
                              ++calls;
                              EXPECT_TRUE(by.modify(self, nothing));
                          })
                          .register_into(reactor);
    ASSERT_TRUE(name);
    pipe.write.reset();

    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(poll(reactor), 0U);
    EXPECT_EQ(calls, 1);
    EXPECT_TRUE(reactor.contains(*name));
}

TEST(ReactorPause, ReportsAnEdgeThatWasConsumedBeforeOnceMoreAfterResuming) {  // [modify.paused]
    Reactor reactor;
    Source source{reading_edges};
    source.add_to(reactor);
    source.signal();
    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(poll(reactor), 0U);

    EXPECT_TRUE(reactor.modify(source, nothing));
    EXPECT_TRUE(reactor.modify(source, reading_edges));

    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(poll(reactor), 0U);
}

TEST(ReactorPause, ArmsAFiredOneShotSubscriberOnResuming) {  // [modify.paused]
    Reactor reactor;
    Source source{reading_once};
    source.add_to(reactor);
    source.signal();
    EXPECT_EQ(poll(reactor), 1U);

    EXPECT_TRUE(reactor.modify(source, nothing));
    EXPECT_TRUE(reactor.modify(source, reading_once));

    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(poll(reactor), 0U);
}

TEST(ReactorPause, LetsAnExclusiveSubscriberPauseAndResumeAsAnything) {
    // [modify.paused] [interest.exclusive]
    Reactor reactor;
    Source source{reading_exclusively};
    source.add_to(reactor);
    source.signal();

    EXPECT_TRUE(reactor.modify(source, nothing));
    EXPECT_EQ(poll(reactor), 0U);
    EXPECT_TRUE(reactor.modify(source, reading_exclusively.edge_triggered()));
    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_TRUE(reactor.modify(source, nothing));
    EXPECT_TRUE(reactor.modify(source, reading_once));
    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(poll(reactor), 0U);
}

TEST(ReactorPause, CanBeRemovedTakenAndAddedAnew) {  // [modify.paused] [remove.outside] [extract]
    Reactor reactor;
    Source source;
    source.add_to(reactor);
    EXPECT_TRUE(reactor.modify(source, nothing));
    EXPECT_TRUE(reactor.remove(source));
    EXPECT_EQ(source.destroyed, 1);

    source.add_to(reactor);
    EXPECT_TRUE(reactor.modify(source, nothing));
    AnySubscriber taken = reactor.extract(source);
    ASSERT_TRUE(taken);
    ASSERT_TRUE(reactor.add(taken));

    source.signal();
    EXPECT_TRUE(reactor.modify(source, reading));
    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(source.destroyed, 1);
}

// --- the descriptor of a paused subscriber ------------------------------------------------------

TEST(ReactorPause, ReadsTheNumberAnewOnResumingWithTheSameFile) {  // [modify.paused]
    Reactor reactor;
    const OwnedFd before = make_eventfd();
    const OwnedFd after = make_eventfd(1);
    Replaceable object{before.fd()};
    RegistrationId told;
    const auto old_name = interest()
                              .read()
                              .with_fd(&object)
                              .with_handler([&](RegistrationId name) { told = name; })
                              .register_into(reactor);
    ASSERT_TRUE(old_name);
    EXPECT_TRUE(reactor.modify(*old_name, nothing));

    object.number = after.fd();
    EXPECT_TRUE(reactor.modify(*old_name, reading));

    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(told.fd(), after.fd());
    EXPECT_FALSE(reactor.contains(BorrowedFd{before.fd()}));
    EXPECT_TRUE(reactor.contains(object));
    EXPECT_TRUE(reactor.contains(told));
    EXPECT_TRUE(reactor.contains(*old_name));  // "its RegistrationId goes on naming it"
    EXPECT_EQ(reactor.stats().registered, 1U);
}

TEST(ReactorPause, LetsTheDescriptorBeReplacedByItsOwnHandler) {  // [modify.paused]
    Reactor reactor;
    const OwnedFd other = make_eventfd(1);
    std::vector<int> numbers;
    const auto name = interest()
                          .read()
                          .with_fd(make_eventfd(1))
                          .with_handler([&](OwnedFd& fd, RegistrationId self, ReactorOps& by) {
                              numbers.push_back(self.fd());
                              if (numbers.size() == 1) {
                                  EXPECT_TRUE(by.modify(self, nothing));
                                  fd.reset(::dup(other.fd()));
                                  EXPECT_TRUE(by.modify(self, reading));
                              }
                          })
                          .register_into(reactor);
    ASSERT_TRUE(name);

    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(poll(reactor), 1U);

    EXPECT_EQ(numbers.size(), 2U);
    EXPECT_EQ(reactor.stats().registered, 1U);
    EXPECT_EQ(reactor.stats().quarantined, 0U);
}

TEST(ReactorPause, GivesItsNumberToANewcomerOnceItsDescriptorHasAnother) {  // [modify.paused]
    Reactor reactor;
    Source source;
    const OwnedFd other = make_eventfd(1);
    Replaceable object{source.fd()};
    int calls = 0;
    const auto paused =
        interest().read().with_fd(&object).with_handler([&] { ++calls; }).register_into(reactor);
    ASSERT_TRUE(paused);
    EXPECT_TRUE(reactor.modify(*paused, nothing));
    object.number = other.fd();

    const RegistrationId newcomer = source.add_to(reactor);

    EXPECT_TRUE(reactor.contains(newcomer));
    EXPECT_TRUE(reactor.contains(*paused));
    EXPECT_EQ(reactor.stats().registered, 2U);
    EXPECT_TRUE(reactor.modify(*paused, reading));
    source.signal();
    EXPECT_EQ(poll(reactor), 2U);
    EXPECT_EQ(calls, 1);
    EXPECT_EQ(source.calls, 1);
    EXPECT_TRUE(reactor.remove(object));
    EXPECT_TRUE(reactor.contains(newcomer));
}

TEST(ReactorPause, KeepsItsNumberAsLongAsItsDescriptorHasIt) {  // [modify.paused] [add.strong]
    Reactor reactor;
    Source source;
    source.add_to(reactor);
    EXPECT_TRUE(reactor.modify(source, nothing));
    AnySubscriber second = source.make();

    EXPECT_EQ(error_of(reactor.add(second)), std::errc::file_exists);

    EXPECT_TRUE(second);
}

TEST(ReactorPause, WithoutANumberOfItsOwnIsRemovedByItsName) {  // [modify.paused]
    Reactor reactor;
    Source source;
    const OwnedFd other = make_eventfd();
    int destroyed = 0;
    Replaceable object{source.fd()};
    struct Counter {
        int* count;
        explicit Counter(int& counted) : count{&counted} {}
        Counter(Counter&& from) noexcept : count{std::exchange(from.count, nullptr)} {}
        Counter& operator=(Counter&&) = delete;
        ~Counter() {
            if (count != nullptr) {
                ++*count;
            }
        }
    };
    const auto paused =
        interest()
            .read()
            .with_fd(&object)
            .with_handler([counter = Counter{destroyed}] { static_cast<void>(counter); })
            .register_into(reactor);
    ASSERT_TRUE(paused);
    EXPECT_TRUE(reactor.modify(*paused, nothing));
    object.number = other.fd();
    source.add_to(reactor);

    EXPECT_TRUE(reactor.remove(*paused));

    EXPECT_EQ(destroyed, 1);
    EXPECT_FALSE(reactor.contains(*paused));
    EXPECT_TRUE(reactor.contains(source));
    EXPECT_EQ(source.destroyed, 0);
}

TEST(ReactorPause, AnswersTheErrorsOfAddOnResumingAndStaysPaused) {  // [modify.paused]
    Reactor reactor;
    const OwnedFd file = make_eventfd(1);
    const OwnedFd directory = open_file("/", O_DIRECTORY);
    Source other;
    other.add_to(reactor);
    Replaceable object{file.fd()};
    int calls = 0;
    const auto name =
        interest().read().with_fd(&object).with_handler([&] { ++calls; }).register_into(reactor);
    ASSERT_TRUE(name);
    EXPECT_TRUE(reactor.modify(*name, nothing));

    object.number = closed_number();
    EXPECT_EQ(error_of(reactor.modify(*name, reading)), std::errc::bad_file_descriptor);
    object.number = directory.fd();
    EXPECT_EQ(error_of(reactor.modify(*name, reading)), std::errc::operation_not_permitted);
    object.number = other.fd();
    EXPECT_EQ(error_of(reactor.modify(*name, reading)), std::errc::file_exists);

    EXPECT_EQ(poll(reactor), 0U);
    object.number = file.fd();
    EXPECT_TRUE(reactor.modify(*name, reading));
    EXPECT_EQ(poll(reactor), 1U);
    EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace eventp::support
