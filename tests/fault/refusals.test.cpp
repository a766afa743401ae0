// SPDX-License-Identifier: MIT
//
// A sandbox (seccomp(2)) refuses one system call, or the kernel does not have it: the library uses
// another one, or the operation fails as documented and has changed nothing.
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <functional>
#include <future>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fault/refusal.hpp"
#include "fault/refusal_children.hpp"
#include "support/children.hpp"
#include "support/files.hpp"
#include "support/forks.hpp"
#include "support/signals.hpp"
#include "support/source.hpp"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define EVENTP_TEST_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define EVENTP_TEST_SANITIZED 1
#endif
#endif

namespace eventp::support {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Every system call of src/sys/.
const std::vector<SystemCall> system_calls{
#include "fault/system_calls.inc"
};

/// By a call that the library does not make.
int number_of_descriptors() {
    int open = 0;
    for (int number = 0; number < 256; ++number) {
        open += ::fcntl(number, F_GETFL) >= 0 ? 1 : 0;
    }
    return open;
}

// --- scenarios: each runs in a process of its own -----------------------------------------------

void registrations(Sandbox& sandbox) {
    Source source;
    Source another;
    sandbox.first();
    auto reactor = Reactor::create();
    if (!sandbox.check(Operation::create_reactor, reactor)) {
        return;
    }
    AnySubscriber subscriber = source.make();
    RegistrationId id;
    const bool is_added = add(sandbox, *reactor, subscriber, id);
    sandbox.later();
    AnySubscriber of_another = another.make();
    RegistrationId id_of_another;
    if (add(sandbox, *reactor, of_another, id_of_another)) {
        // Without EPOLL_CTL_DEL the kernel keeps its address, so it stays registered.
        EXPECT_EQ(static_cast<bool>(reactor->extract(id_of_another)),
                  !sandbox.affects(Operation::pause));
    }
    sandbox.check(Operation::outer_loop, reactor->fd());
    sandbox.check(Operation::wait_for, reactor->run_once(milliseconds{1}));
    if (!is_added) {
        return;
    }
    source.signal();
    sandbox.check(Operation::wait, reactor->run_once());
    sandbox.check(Operation::wait_for, reactor->run_once(seconds{10}));
    EXPECT_EQ(source.calls, sandbox.affects(Operation::wait) ? source.calls : 2);

    const bool is_changed = sandbox.check(Operation::modify, reactor->modify(id, reading.write()));
    const bool is_paused = sandbox.check(Operation::pause, reactor->modify(id, nothing));
    int before = source.calls;
    if (turn(sandbox, *reactor)) {
        EXPECT_EQ(source.calls, is_paused ? before : before + 1);
        EXPECT_TRUE(is_paused || source.told == (is_changed ? reading.write() : reading));
    }
    if (is_paused) {
        const bool is_resumed = sandbox.check(Operation::resume, reactor->modify(id, reading));
        before = source.calls;
        if (turn(sandbox, *reactor)) {
            EXPECT_EQ(source.calls, is_resumed ? before + 1 : before);
        }
    }
    before = source.calls;
    EXPECT_TRUE(reactor->remove(id));
    EXPECT_EQ(source.destroyed, 1);
    static_cast<void>(turn(sandbox, *reactor));
    EXPECT_EQ(source.calls, before);
}

/// The kernel reports a removed subscriber, until the epoll instance is replaced.
void stale_entries(Sandbox& sandbox) {
    Source live;
    OwnedFd file = make_eventfd(1);
    const OwnedFd copy = duplicate(file.fd());
    sandbox.first();
    auto reactor = Reactor::create();
    if (!sandbox.check(Operation::create_reactor, reactor)) {
        return;
    }
    AnySubscriber subscriber = live.make();
    RegistrationId id;
    Source removed{file.fd()};
    AnySubscriber of_removed = removed.make();
    RegistrationId id_of_removed;
    if (!add(sandbox, *reactor, subscriber, id) ||
        !add(sandbox, *reactor, of_removed, id_of_removed)) {
        return;
    }
    sandbox.later();
    file.reset();
    EXPECT_TRUE(reactor->remove(id_of_removed));
    EXPECT_EQ(removed.destroyed, 1);
    live.signal();
    int worked = 0;
    for (int turns = 0; turns < 6; ++turns) {
        worked += turn(sandbox, *reactor) ? 1 : 0;
    }
    EXPECT_EQ(live.calls, worked);
    EXPECT_EQ(removed.calls, 0);
    EXPECT_TRUE(reactor->remove(id));
}

/// Another thread, which is not in the sandbox, posts and waits.
void other_threads(Sandbox& sandbox) {
    std::promise<std::optional<RemoteEndpoint>> endpoint;
    bool has_run = false;
    std::jthread poster{[&, given = endpoint.get_future()]() mutable {
        const auto to = given.get();
        if (!to) {
            return;
        }
        const auto posted = to->post([&has_run] { has_run = true; });
        const auto called = to->call([] { return 7; });
        if (posted && called) {
            EXPECT_EQ(*called, 7);
            EXPECT_TRUE(has_run);
            EXPECT_TRUE(to->stop());
        } else {
            EXPECT_EQ(posted ? error_of(called) : error_of(posted), std::errc::broken_pipe);
        }
    }};
    sandbox.first();
    auto reactor = Reactor::create();
    if (!sandbox.check(Operation::create_reactor, reactor)) {
        endpoint.set_value(std::nullopt);
        return;
    }
    const RemoteEndpoint mine{*reactor};
    endpoint.set_value(mine);
    sandbox.later();
    EXPECT_TRUE(mine.post([] {}));
    sandbox.check(Operation::wait, reactor->run());
}

void timers(Sandbox& sandbox) {
    sandbox.first();
    auto reactor = Reactor::create();
    if (!sandbox.check(Operation::create_reactor, reactor)) {
        return;
    }
    auto timers = Timers::create(*reactor);
    if (!sandbox.check(Operation::create_timers, timers)) {
        EXPECT_EQ(reactor->stats().registered, 0U);
        return;
    }
    std::size_t fired = 0;
    std::size_t armed = 0;
    // Deadlines, not delays: each one is earlier than the one before, so that each arming sets the
    // timerfd, however much time passes between them.
    const auto start = std::chrono::steady_clock::now();
    const auto arm = [&](milliseconds after_start) {
        auto handler = [&fired, moved = std::make_unique<int>(1)] { ++fired; };
        const auto id = timers->at(start + after_start, std::move(handler));
        EXPECT_EQ(timers->size(), armed + (id ? 1 : 0));
        armed += sandbox.check(Operation::arm, id) ? 1U : 0U;
    };
    arm(milliseconds{2});  // fires also if the kernel refuses to set the timer later
    sandbox.later();
    arm(milliseconds{1});
    arm(milliseconds{0});
    while (fired < armed && sandbox.check(Operation::wait_for, reactor->run_once(seconds{20}))) {
    }
    EXPECT_EQ(fired, armed);
    EXPECT_EQ(timers->size(), 0U);
}

void signals(Sandbox& sandbox) {
    sandbox.first();
    auto set = SignalSet::create({SIGUSR1});
    if (!sandbox.check(Operation::create_signals, set)) {
        // The signal is not taken.
        sandbox.check(Operation::create_signals, SignalSet::create({SIGUSR1}));
        EXPECT_FALSE(is_blocked(SIGUSR1));
        return;
    }
    auto reactor = Reactor::create();
    if (!sandbox.check(Operation::create_reactor, reactor)) {
        return;
    }
    std::vector<int> read;
    AnySubscriber subscriber = interest()
                                   .read()
                                   .with_fd(std::move(*set))
                                   .with_handler([&read](SignalSet& from) { read = numbers(from); })
                                   .build();
    RegistrationId id;
    if (!add(sandbox, *reactor, subscriber, id)) {
        return;
    }
    sandbox.later();
    ::raise(SIGUSR1);
    sandbox.check(Operation::wait_for, reactor->run_once(seconds{20}));
    EXPECT_EQ(read, std::vector{SIGUSR1});
}

// --- rows ---------------------------------------------------------------------------------------

struct Scenario {
    const char* name;
    void (*run)(Sandbox&);
};
constexpr Scenario scenarios[] = {
    {"registrations", &registrations},
    {"stale entries", &stale_entries},
    {"other threads", &other_threads},
    {"timers", &timers},
    {"signals", &signals},
    {"started children", &started_children},
    {"adopted child", &adopted_child},
    {"forked reactor", &forked_reactor},
};

/// In the child of a test: the scenario leaves no descriptor open and no child.
bool runs_well(const Scenario& scenario, Sandbox sandbox) noexcept {
    ::alarm(30);  // a hang fails the test
    const auto before = number_of_descriptors();
    scenario.run(sandbox);
    if (!sandbox.affects(Operation::collect)) {  // what cannot be reaped keeps its descriptor
        EXPECT_EQ(number_of_descriptors(), before);
    }
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG | __WALL), -1) << "a child is left";
    std::fflush(stdout);  // what has failed
    return !testing::Test::HasFailure();
}

/// Whether filters can be installed here: not in every container.
bool has_filters() {
    return holds_in_child([] { return refuse(system_calls.front(), ENOSYS); });
}

/// Sanitizers map memory in pages of their own sizes.
bool is_needed_by_sanitizers([[maybe_unused]] const SystemCall& call) {
#if defined(EVENTP_TEST_SANITIZED)
    return call.number == SYS_mmap || call.number == SYS_munmap;
#else
    return false;
#endif
}

/// Newer architectures have only the newer ones of each kind.
bool is_of_another_architecture(std::string_view call) {
    constexpr std::string_view old[] = {"dup2", "epoll_wait", "poll", "vfork"};
    return std::ranges::find(old, call) != std::end(old);
}

std::vector<SystemCall> refusable_calls() {
    std::vector<SystemCall> out = system_calls;
    std::erase_if(out, [](const SystemCall& call) {
        return std::ranges::find(needed_by_every_program, std::string_view{call.name}) !=
               std::end(needed_by_every_program);
    });
    return out;
}
const Refusal* refusal_of(const SystemCall& call) {
    const auto row = std::ranges::find(refusals(), std::string_view{call.name}, &Refusal::call);
    return row == refusals().end() ? nullptr : &*row;
}

class RefusedSystemCall : public testing::TestWithParam<SystemCall> {};
INSTANTIATE_TEST_SUITE_P(Call, RefusedSystemCall, testing::ValuesIn(refusable_calls()),
                         [](const auto& tested) { return std::string{tested.param.name}; });

TEST_P(RefusedSystemCall, IsReplacedOrFailsTheOperation) {  // [error.refused]
    const Refusal* refusal = refusal_of(GetParam());
    ASSERT_NE(refusal, nullptr) << "refusals() has no row for this system call";
    if (is_needed_by_sanitizers(GetParam())) {
        GTEST_SKIP() << "the sanitizer needs it";
    }
    if (!has_filters()) {
        GTEST_SKIP() << "no seccomp filter can be installed";
    }
    std::string failed;
    for (const int error : {ENOSYS, EPERM, EACCES, EINVAL, ENOTSUP}) {
        for (const Sandbox::When when : {Sandbox::When::first, Sandbox::When::later}) {
            for (const Scenario& scenario : scenarios) {
                if (!holds_in_child([&] {
                        return runs_well(scenario, Sandbox{GetParam(), error, *refusal, when});
                    })) {
                    failed += std::string{scenario.name} + ", errno " + std::to_string(error) +
                              (when == Sandbox::When::first ? ", from the start\n" : ", later\n");
                }
            }
        }
    }
    EXPECT_EQ(failed, "");
}

TEST(RefusedSystemCalls, HaveNoRowThatTheLibraryDoesNotMake) {  // [error.refused]
    for (const Refusal& refusal : refusals()) {
        const bool is_made = std::ranges::any_of(
            system_calls, [&](const SystemCall& call) { return refusal.call == call.name; });
        EXPECT_TRUE(is_made || is_of_another_architecture(refusal.call)) << refusal.call;
    }
}

}  // namespace
}  // namespace eventp::support
