// SPDX-License-Identifier: MIT
//
// A forked process and the children of its parent, which it must not affect.
#include <chrono>
#include <csignal>
#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <tuple>
#include <utility>

#include <gtest/gtest.h>

#include <unistd.h>

#include <eventp/child.hpp>
#include <eventp/eventp.hpp>

#include "support/children.hpp"
#include "support/forks.hpp"
#include "support/source.hpp"
#include "support/user_code.hpp"

namespace eventp::support {
namespace {

constexpr auto no_child = std::errc::no_child_process;

// --- every operation ----------------------------------------------------------------------------

/// Children of the parent in every state, and their owners.
struct Family {
    Idle idle;
    Reactor reactor;
    std::optional<ChildProcess> running{idle.start()};
    std::optional<ChildProcess> detaching{idle.start(detach)};
    std::optional<ChildProcess> exited{ChildProcess::spawn({.program = "true"}).value()};
    std::optional<ChildSignaler> signaler{running->signaler().value()};
    pid_t detached = idle.start(detach).pid();
    RegistrationId registered;
    pid_t registered_pid = -1;

    Family() {
        ChildProcess child = idle.start();
        registered_pid = child.pid();
        registered = std::move(child).on_exit([] { FAIL(); }).register_into(reactor).value();
        wait_for_zombie(exited->pid());
    }

    /// Nothing has happened to the children.
    [[nodiscard]] bool is_unaffected() const {
        return runs(running->pid()) && runs(detaching->pid()) && runs(detached) &&
               runs(registered_pid) && is_unreaped(exited->pid()) && !runs(exited->pid());
    }
    void end() {
        idle.end_all();
        running.reset();
        detaching.reset();
        while (ChildProcess::reap_detached() != 0) {
        }
    }
};

/// What a forked process does; true if the result is right there.
struct InChild {
    const char* name;
    std::function<bool(Family&)> act;
};

std::ostream& operator<<(std::ostream& out, const InChild& it) {
    return out << it.name;
}

const InChild operations[] = {
    {"destroys_one_that_kills", [](Family& f) { return (f.running.reset(), true); }},
    {"destroys_one_that_detaches", [](Family& f) { return (f.detaching.reset(), true); }},
    {"destroys_one_that_has_exited", [](Family& f) { return (f.exited.reset(), true); }},
    {"destroys_a_signaler", [](Family& f) { return (f.signaler.reset(), true); }},
    {"assigns", [](Family& f) { return (*f.running = std::move(*f.detaching), true); }},
    {"kills", [](Family& f) { return error_of(f.running->kill(SIGKILL)) == no_child; }},
    {"kills_by_a_signaler",
     [](Family& f) { return error_of(f.signaler->kill(SIGKILL)) == no_child; }},
    {"makes_a_signaler", [](Family& f) { return error_of(f.running->signaler()) == no_child; }},
    {"asks_for_the_status",
     [](Family& f) {
         return !f.running->status() && !f.exited->status() && !f.detaching->status();
     }},
    {"waits", [](Family& f) { return error_of(f.running->wait()) == no_child; }},
    {"waits_for_one_that_has_exited",
     [](Family& f) { return error_of(f.exited->wait()) == no_child; }},
    {"adopts",
     [](Family& f) {
         return error_of(ChildProcess::adopt(f.running->pid())) == no_child &&
                error_of(ChildProcess::adopt(f.exited->pid())) == no_child;
     }},
    {"reaps_detached_ones", [](Family& /*f*/) { return ChildProcess::reap_detached() == 0; }},
    {"has_children_of_its_own",
     [](Family& /*f*/) {
         const Idle idle;
         ChildProcess killed = idle.start();
         {
             const ChildProcess own = idle.start(detach);
         }
         return killed.kill(SIGTERM) && killed.wait() == ExitStatus::signaled(SIGTERM, false) &&
                ChildProcess::reap_detached() == 1;
     }},
    {"removes_a_registered_one", [](Family& f) { return !f.reactor.remove(f.registered); }},
    {"reinitialises_the_reactor",
     [](Family& f) { return f.reactor.reinit_after_fork() && !f.reactor.contains(f.registered); }},
};

class ForkedProcess : public ::testing::TestWithParam<std::tuple<InChild, Fork>> {};
INSTANTIATE_TEST_SUITE_P(Operations, ForkedProcess,
                         ::testing::Combine(::testing::ValuesIn(operations),
                                            ::testing::Values(Fork::fork, Fork::raw_clone)),
                         [](const auto& test) {
                             return std::string{std::get<0>(test.param).name} +
                                    (std::get<1>(test.param) == Fork::fork ? "_after_fork"
                                                                           : "_after_clone");
                         });

TEST_P(ForkedProcess, DoesNotAffectTheChildrenOfItsParent) {  // [child.fork]
    const auto& [operation, way] = GetParam();
    Family family;

    EXPECT_TRUE(holds_in_child([&] { return operation.act(family); }, way));

    EXPECT_TRUE(family.is_unaffected());
    EXPECT_EQ(ChildProcess::reap_detached(), 1U);
    family.end();
}

TEST_P(ForkedProcess, DoesNotAffectThemAfterAHandlerThatForked) {  // [child.fork]
    const auto& [operation, way] = GetParam();
    Family family;
    pid_t forked = -1;
    const ChildProcess exits = ChildProcess::spawn({.program = "true"}).value();
    const OwnedFd ready = make_eventfd(1);
    const auto id = interest()
                        .read()
                        .with_fd(BorrowedFd{ready.fd()})
                        .with_handler([&, fork = way](ReactorOps& ops) {
                            forked = fork_by(fork);
                            ops.remove(BorrowedFd{ready.fd()});
                        })
                        .register_into(family.reactor);
    ASSERT_TRUE(id);

    const auto turn = family.reactor.run_once(std::chrono::seconds{0});

    if (forked == 0) {  // the handler has returned here too
        end_child(operation.act(family));
    }
    EXPECT_EQ(turn, 1U);
    EXPECT_TRUE(ended_well(forked));
    EXPECT_TRUE(family.is_unaffected());
    EXPECT_EQ(ChildProcess::reap_detached(), 1U);
    family.end();
}

TEST(ForkedInAnExitHandler, DoesNotAffectTheOtherChildren) {  // [child.fork]
    Idle idle;
    pid_t forked = -1;
    pid_t other_pid = -1;
    {
        Reactor reactor;
        ChildProcess other = idle.start();
        other_pid = other.pid();
        ASSERT_TRUE(std::move(other).on_exit([] { FAIL(); }).register_into(reactor));
        ASSERT_TRUE(ChildProcess::spawn({.program = "true"})
                        .value()
                        .on_exit([&](ReactorOps& ops) {
                            forked = ::fork();
                            ops.stop();
                        })
                        .register_into(reactor));
        static_cast<void>(reactor.run());
        if (forked != 0) {
            EXPECT_TRUE(ended_well(forked));
            EXPECT_TRUE(runs(other_pid));
        }
    }  // the reactor and its children are destroyed in both
    if (forked == 0) {
        end_child(!::testing::Test::HasFailure());
    }
    EXPECT_FALSE(is_unreaped(other_pid));
}

TEST(ForkedInTheDestructorOfAnExitHandler, DoesNotAffectTheChildOfThatHandler) {  // [child.fork]
    Idle idle;
    Reactor reactor;
    ForkOnce forks;
    ChildProcess child = idle.start(detach);
    const pid_t pid = child.pid();
    const auto id = std::move(child)
                        .on_exit(UserCode{UserCode::When::destroyed, [&] { forks(); }})
                        .register_into(reactor)
                        .value();

    EXPECT_TRUE(reactor.remove(id));

    // In the child the owner of `pid` was destroyed after the fork.
    EXPECT_TRUE(forks.end([] { return ChildProcess::reap_detached() == 0; }));
    EXPECT_TRUE(runs(pid));
    EXPECT_EQ(ChildProcess::reap_detached(), 1U);
    idle.end_all();
    while (ChildProcess::reap_detached() != 0) {
    }
}

// --- fork ---------------------------------------------------------------------------------------

class ChildFork : public ::testing::TestWithParam<Fork> {};
INSTANTIATE_TEST_SUITE_P(Ways, ChildFork, ::testing::Values(Fork::fork, Fork::raw_clone),
                         [](const auto& way) {
                             return way.param == Fork::fork ? "fork" : "raw_clone";
                         });

TEST_P(ChildFork, DoesNotAffectTheChildrenOfTheParent) {  // [child.fork]
    const Idle idle;
    std::optional child{idle.start()};
    const ChildSignaler killer = child->signaler().value();

    EXPECT_TRUE(holds_in_child(
        [&] {
            constexpr auto error = std::errc::no_child_process;
            const bool inert = error_of(child->kill(SIGKILL)) == error &&
                               error_of(killer.kill(SIGKILL)) == error &&
                               error_of(child->signaler()) == error &&
                               error_of(child->wait()) == error && !child->status();
            child.reset();
            return inert;
        },
        GetParam()));

    EXPECT_TRUE(runs(child->pid()));
    EXPECT_EQ(child->status(), std::nullopt);
}

TEST_P(ChildFork,
       DestroysTheCopiesAndNotTheChildrenWhenTheReactorIsReinitialised) {  // [child.fork]
    Reactor reactor;
    Idle idle;
    std::optional<ExitStatus> end;
    ChildProcess child = idle.start();
    const pid_t pid = child.pid();
    const auto name = std::move(child)
                          .on_exit([&](ExitStatus status, ReactorOps& ops) {
                              end = status;
                              ops.stop();
                          })
                          .register_into(reactor);
    ASSERT_TRUE(name);

    EXPECT_TRUE(holds_in_child(
        [&] {
            // The forked process watches a child of its own.
            return reactor.reinit_after_fork() && !reactor.contains(*name) &&
                   ChildProcess::spawn({.program = "true"})
                       .value()
                       .on_exit([&](ExitStatus status, ReactorOps& ops) {
                           end = status;
                           ops.stop();
                       })
                       .register_into(reactor) &&
                   reactor.run() && end == ExitStatus::exited(0);
        },
        GetParam()));

    EXPECT_TRUE(runs(pid));
    idle.end_all();
    EXPECT_TRUE(reactor.run());
    EXPECT_EQ(end, ExitStatus::exited(0));
}

TEST_P(ChildFork, ForgetsTheDetachedChildrenOfTheParent) {  // [child.fork]
    Idle idle;
    const pid_t pid = idle.start(detach).pid();

    EXPECT_TRUE(holds_in_child([] { return ChildProcess::reap_detached() == 0; }, GetParam()));

    EXPECT_EQ(ChildProcess::reap_detached(), 1U);
    EXPECT_TRUE(runs(pid));
    idle.end_all();
    wait_for_zombie(pid);
    EXPECT_EQ(ChildProcess::reap_detached(), 0U);
}

}  // namespace
}  // namespace eventp::support
