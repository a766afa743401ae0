// SPDX-License-Identifier: MIT
//
// The timerfd is shared with forked children. The kernel says what it is set to.
#include <chrono>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <functional>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include <eventp/eventp.hpp>

#include "support/forks.hpp"
#include "support/kernel_set.hpp"
#include "support/user_code.hpp"

namespace eventp::support {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;
using std::chrono::steady_clock;

/// The only timerfd of this process; -1 if there is not one.
int find_timerfd() {
    const auto found = open_numbers("anon_inode:[timerfd]");
    return found.size() == 1 ? found.front() : -1;
}

/// How long a timerfd has to run, as the kernel says; zero if it is not set or has expired.
nanoseconds left_of(int timerfd) {
    std::ifstream info{"/proc/self/fdinfo/" + std::to_string(timerfd)};
    for (std::string line; std::getline(info, line);) {
        std::int64_t seconds = 0;
        std::int64_t ns = 0;
        if (std::sscanf(line.c_str(), "it_value: (%" SCNd64 ", %" SCNd64 ")", &seconds, &ns) == 2) {
            return std::chrono::seconds{seconds} + nanoseconds{ns};
        }
    }
    ADD_FAILURE() << "no it_value";
    return {};
}

/// The timerfd is set to exactly that time.
bool is_set_to(int timerfd, steady_clock::time_point deadline) {
    const auto before = steady_clock::now();
    const nanoseconds left = left_of(timerfd);
    return before + left <= deadline && deadline <= steady_clock::now() + left;
}

/// A child that is forked in `user_code()` and waits there until the parent has continued.
class LateChild {
public:
    void user_code() {
        if (forks_() && is_child()) {
            char byte = 0;
            is_released_ = ::read(released_.read.fd(), &byte, 1) == 1;
            ran_ = 0;
        }
    }
    /// A handler that calls user_code() when it is copied, called or destroyed.
    UserCode handler(UserCode::When when) {
        return {when, [this] { user_code(); }};
    }
    auto other() {
        return [this] { ++ran_; };
    }
    [[nodiscard]] bool is_child() const { return forks_.is_child(); }
    [[nodiscard]] bool is_good() const { return is_released_ && ran_ == 0; }
    /// Lets the child return from user_code(), and waits for its end.
    [[nodiscard]] bool release_and_wait() {
        EXPECT_EQ(::write(released_.write.fd(), ".", 1), 1);
        return forks_.end();
    }

private:
    Pipe released_{blocking};
    ForkOnce forks_;
    int ran_ = 0;
    bool is_released_ = false;
};

using When = UserCode::When;

struct Row {
    const char* what;
    std::function<void(Reactor&, Timers&, LateChild&)> fork;
};

class ALateChild : public ::testing::TestWithParam<Row> {};
INSTANTIATE_TEST_SUITE_P(
    Places, ALateChild,
    ::testing::Values(Row{"of_a_handler",
                          [](Reactor& reactor, Timers& timers, LateChild& late) {
                              timers.after(0s, late.handler(When::called)).value();
                              timers.after(0s, late.other()).value();
                              static_cast<void>(reactor.run_once());
                          }},
                      Row{"of_the_last_handler",
                          [](Reactor& reactor, Timers& timers, LateChild& late) {
                              timers.after(0s, late.handler(When::called)).value();
                              static_cast<void>(reactor.run_once());
                          }},
                      Row{"of_a_destructor_after_the_call",
                          [](Reactor& reactor, Timers& timers, LateChild& late) {
                              timers.after(0s, late.handler(When::destroyed)).value();
                              timers.after(0s, late.other()).value();
                              static_cast<void>(reactor.run_once());
                          }},
                      Row{"of_a_destructor_in_cancel",
                          [](Reactor&, Timers& timers, LateChild& late) {
                              timers.cancel(
                                  timers.after(0s, late.handler(When::destroyed)).value());
                          }},
                      Row{"of_a_constructor",
                          [](Reactor&, Timers& timers, LateChild& late) {
                              const auto handler = late.handler(When::copied);
                              static_cast<void>(timers.after(2h, handler));
                          }}),
    [](const auto& row) { return row.param.what; });

TEST_P(ALateChild, DoesNotMoveTheTimerOfItsParentWhateverItDoes) {  // [timer.fork]
    std::optional<Reactor> reactor{std::in_place};
    std::optional<Timers> timers{Timers::create(*reactor).value()};
    const int timerfd = find_timerfd();
    ASSERT_GE(timerfd, 0);
    const TimerId far = timers->after(24h, [] {}).value();
    LateChild late;

    GetParam().fork(*reactor, *timers, late);
    if (late.is_child()) {
        const bool is_refused = !timers->after(1ms, [] {}) && !timers->cancel(far) &&
                                !timers->reschedule(far, 1ms) && !reactor->run_once();
        timers.reset();
        reactor.reset();
        end_child(late.is_good() && is_refused);
    }
    // The parent's timer is set to another time than the child's copy knows.
    const auto deadline = steady_clock::now() + 1h;
    timers->at(deadline, [] {}).value();
    ASSERT_TRUE(reactor->run_once(0s));
    ASSERT_TRUE(is_set_to(timerfd, deadline));

    EXPECT_TRUE(late.release_and_wait());

    EXPECT_TRUE(is_set_to(timerfd, deadline));
    EXPECT_EQ(reactor->run_once(0s).value(), 0U);
}

TEST_P(ALateChild, HasATimerfdOfItsOwnAfterReinit) {  // [timer.fork] [fork.reinit]
    Reactor reactor;
    Timers timers = Timers::create(reactor).value();
    const int timerfd = find_timerfd();
    ASSERT_GE(timerfd, 0);
    const auto day = steady_clock::now() + 24h;
    timers.at(day, [] {}).value();
    LateChild late;

    GetParam().fork(reactor, timers, late);
    if (late.is_child()) {
        const bool is_reinit = late.is_good() && reactor.reinit_after_fork().has_value();
        const bool has_fired = reactor.run_once(0s).has_value();  // what was due in the parent
        const bool is_kept = is_set_to(timerfd, day);
        const auto childs = steady_clock::now() + 30min;
        const bool is_armed = timers.at(childs, [] {}).has_value();
        end_child(is_reinit && has_fired && is_kept && is_armed && is_set_to(timerfd, childs));
    }
    const auto deadline = steady_clock::now() + 1h;
    timers.at(deadline, [] {}).value();
    ASSERT_TRUE(reactor.run_once(0s));

    EXPECT_TRUE(late.release_and_wait());

    EXPECT_TRUE(is_set_to(timerfd, deadline));
}

}  // namespace
}  // namespace eventp::support
