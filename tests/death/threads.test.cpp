// SPDX-License-Identifier: MIT
//
// Use of a thread-bound object from another thread while its reactor runs ends the program with a
// message. tools/check_threads.py compares the table with the public headers.
#include <chrono>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include <eventp/eventp.hpp>

#include "support/files.hpp"
#include "support/source.hpp"
#include "support/trio.hpp"

namespace eventp::support {
namespace {

constexpr const char* message =
    "used from another thread while it runs: use a std::stop_token or a RemoteEndpoint";

/// A reactor that runs, and what another thread may use of it.
struct Scene {
    std::optional<Reactor> reactor{std::in_place};
    TrioLog log;
    Device<Trio, detail::Watch<&Trio::a, &Trio::on_a>, detail::Watch<&Trio::b, &Trio::on_b>,
           detail::Watch<&Trio::c, &Trio::on_c>>
        device = trio.build(log);
    std::optional<Timers> timers{Timers::create(*reactor).value()};
    TimerId timer = timers->after(std::chrono::hours{1}, [] {}).value();
};

struct Use {
    const char* function;
    void (*call)(Scene& scene);
};

constexpr std::chrono::seconds none{0};

// One row for each function; the check wants the name in this form.
const Use uses[] = {
    {"Reactor::add",
     [](Scene& scene) {
         AnySubscriber empty;
         static_cast<void>(scene.reactor->add(empty));
     }},
    {"Reactor::modify",
     [](Scene& scene) { static_cast<void>(scene.reactor->modify(BorrowedFd{0}, nothing)); }},
    {"Reactor::remove", [](Scene& scene) { scene.reactor->remove(BorrowedFd{0}); }},
    {"Reactor::remove_now", [](Scene& scene) { scene.reactor->remove_now(BorrowedFd{0}); }},
    {"Reactor::destroy_removed", [](Scene& scene) { scene.reactor->destroy_removed(); }},
    {"Reactor::extract",
     [](Scene& scene) { static_cast<void>(scene.reactor->extract(BorrowedFd{0})); }},
    {"Reactor::contains",
     [](Scene& scene) { static_cast<void>(scene.reactor->contains(BorrowedFd{0})); }},
    {"Reactor::interest_of",
     [](Scene& scene) { static_cast<void>(scene.reactor->interest_of(BorrowedFd{0})); }},
    {"Reactor::size", [](Scene& scene) { static_cast<void>(scene.reactor->size()); }},
    {"Reactor::requeue", [](Scene& scene) { scene.reactor->requeue(BorrowedFd{0}); }},
    {"Reactor::feed_event",
     [](Scene& scene) { scene.reactor->feed_event(BorrowedFd{0}, Event{EPOLLIN}); }},
    {"Reactor::stop", [](Scene& scene) { scene.reactor->stop(); }},
    {"Reactor::run_once", [](Scene& scene) { static_cast<void>(scene.reactor->run_once(none)); }},
    {"Reactor::run", [](Scene& scene) { static_cast<void>(scene.reactor->run()); }},
    {"Reactor::run_for", [](Scene& scene) { static_cast<void>(scene.reactor->run_for(none)); }},
    {"Reactor::find",
     [](Scene& scene) { static_cast<void>(scene.reactor->find<OwnedFd>(BorrowedFd{0})); }},
    {"Reactor::close_and_extract",
     [](Scene& scene) { static_cast<void>(scene.reactor->close_and_extract()); }},
    {"Reactor::fd", [](Scene& scene) { static_cast<void>(scene.reactor->fd()); }},
    {"Reactor::stats", [](Scene& scene) { static_cast<void>(scene.reactor->stats()); }},
    {"Reactor::reinit_after_fork",
     [](Scene& scene) { static_cast<void>(scene.reactor->reinit_after_fork()); }},
    {"Reactor::~Reactor", [](Scene& scene) { scene.reactor.reset(); }},
    {"RemoteEndpoint::RemoteEndpoint",
     [](Scene& scene) { const RemoteEndpoint endpoint{*scene.reactor}; }},
    {"Device::add_to",
     [](Scene& scene) { static_cast<void>(scene.device.add_to(*scene.reactor)); }},
    {"Timers::after", [](Scene& scene) { static_cast<void>(scene.timers->after(none, [] {})); }},
    {"Timers::at",
     [](Scene& scene) {
         static_cast<void>(scene.timers->at(std::chrono::steady_clock::now(), [] {}));
     }},
    {"Timers::every",
     [](Scene& scene) {
         static_cast<void>(
             scene.timers->every(std::chrono::hours{1}, [text = std::string{"x"}] {}));
     }},
    {"Timers::cancel", [](Scene& scene) { scene.timers->cancel(scene.timer); }},
    {"Timers::reschedule", [](Scene& scene) { scene.timers->reschedule(scene.timer, none); }},
    {"Timers::size", [](Scene& scene) { static_cast<void>(scene.timers->size()); }},
    {"Timers::~Timers", [](Scene& scene) { scene.timers.reset(); }},
    {"Timers::create", [](Scene& scene) { static_cast<void>(Timers::create(*scene.reactor)); }},
};

class UseFromAnotherThread : public testing::TestWithParam<Use> {
protected:
    static void SetUpTestSuite() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};
INSTANTIATE_TEST_SUITE_P(Function, UseFromAnotherThread, testing::ValuesIn(uses),
                         [](const auto& tested) {
                             std::string name = tested.param.function;
                             for (char& letter : name) {
                                 letter = letter == ':' || letter == '~' ? '_' : letter;
                             }
                             return name;
                         });

void use_during_a_run(const Use& use) {
    Scene scene;
    Source source{reading,
                  [&](Source&, ReactorOps&) { std::thread{[&] { use.call(scene); }}.join(); }};
    source.add_to(*scene.reactor);
    source.signal();
    static_cast<void>(scene.reactor->run_once());
}

TEST_P(UseFromAnotherThread, TerminatesDuringARun) {  // [reactor.thread]
    EXPECT_DEATH(use_during_a_run(GetParam()), message);
}

TEST_P(UseFromAnotherThread, TerminatesWhileADestructorRunsOutsideARun) {  // [reactor.thread]
    const auto use_in_a_destructor = [] {
        Scene scene;
        Source source;
        source.on_destroy = [&] { std::thread{[&] { GetParam().call(scene); }}.join(); };
        source.add_to(*scene.reactor);
        scene.reactor->remove(source.name);
    };
    EXPECT_DEATH(use_in_a_destructor(), message);
}

TEST(UseFromOtherThreads, OneAfterAnotherIsAllowedBetweenRuns) {  // [reactor.thread]
    Scene scene;
    Source source;
    std::thread{[&] { source.add_to(*scene.reactor); }}.join();
    source.signal();
    EXPECT_EQ(poll(*scene.reactor), 1U);
    std::thread{[&] { EXPECT_EQ(poll(*scene.reactor), 1U); }}.join();
    EXPECT_EQ(scene.reactor->stats().handlers_called, 2U);
    std::thread{[&] { scene.reactor.reset(); }}.join();
    EXPECT_EQ(source.destroyed, 1);
}

}  // namespace
}  // namespace eventp::support
