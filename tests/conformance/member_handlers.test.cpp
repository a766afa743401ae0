// SPDX-License-Identifier: MIT
//
// Member functions of an application as the handlers of a descriptor, a signal, a child, a timer
// and a post, in a real reactor.
#include <chrono>
#include <csignal>
#include <cstdint>
#include <memory>
#include <utility>

#include <gtest/gtest.h>

#include <unistd.h>

#include <eventp/eventp.hpp>

#include "support/children.hpp"
#include "support/files.hpp"
#include "support/source.hpp"

namespace eventp::support {
namespace {

using namespace std::chrono_literals;

struct App {
    void on_data(Event event, ReactorOps& ops) {
        data += event.is_readable() ? 1 : 100;
        by = &ops;
    }
    void on_signal(SignalSet& set) {
        while (const auto signal = set.next()) {
            signals += signal->number == SIGUSR1 ? 1 : 100;
        }
    }
    void on_exit(ReactorOps& ops, ExitStatus status) {
        exits += status == ExitStatus::exited(3) ? 1 : 100;
        ops.stop();
    }
    void on_timer(Expirations expirations) { expired += expirations.count(); }
    void on_post(ReactorOps& ops) {
        ++posts;
        by = &ops;
    }
    void on_short_post() noexcept { ++posts; }

    int data = 0;
    int signals = 0;
    int exits = 0;
    std::uint64_t expired = 0;
    int posts = 0;
    ReactorOps* by = nullptr;
};

TEST(MemberHandlers, HandleADescriptor) {  // [handler.member]
    Reactor reactor;
    App app;
    ASSERT_TRUE(interest()
                    .read()
                    .with_fd(make_eventfd(1))
                    .with_handler<&App::on_data>(app)
                    .register_into(reactor));

    poll(reactor);
    poll(reactor);

    EXPECT_EQ(app.data, 2);
    EXPECT_EQ(app.by, &reactor);
}

TEST(MemberHandlers, OfADestroyedObjectAreRemovedWithTheirDescriptor) {  // [handler.member]
    Reactor reactor;
    auto app = std::make_shared<App>();
    OwnedFd file = make_eventfd(1);
    const int number = file.fd();
    const auto id = interest()
                        .read()
                        .with_fd(std::move(file))
                        .with_handler<&App::on_data>(std::weak_ptr<App>{app})
                        .register_into(reactor);
    poll(reactor);
    EXPECT_EQ(app->data, 1);

    app.reset();
    poll(reactor);

    EXPECT_FALSE(reactor.contains(id.value()));
    EXPECT_FALSE(is_open(number));
}

TEST(MemberHandlers, HandleASignal) {  // [handler.member]
    Reactor reactor;
    App app;
    ASSERT_TRUE(interest()
                    .read()
                    .with_fd(SignalSet::create({SIGUSR1}).value())
                    .with_handler<&App::on_signal>(&app)
                    .register_into(reactor));
    ASSERT_EQ(::kill(::getpid(), SIGUSR1), 0);

    poll(reactor);

    EXPECT_EQ(app.signals, 1);
}

TEST(MemberHandlers, HandleTheExitOfAChild) {  // [child.member]
    Reactor reactor;
    const auto app = std::make_shared<App>();
    ASSERT_TRUE(ChildProcess::spawn(shell("exit 3"))
                    .value()
                    .on_exit<&App::on_exit>(std::weak_ptr<App>{app})
                    .register_into(reactor));

    ASSERT_TRUE(reactor.run());

    EXPECT_EQ(app->exits, 1);
}

TEST(MemberHandlers, AreNotCalledForAChildAfterTheirObjectWasDestroyed) {  // [child.member]
    Reactor reactor;
    auto app = std::make_shared<App>();
    ChildProcess child = ChildProcess::spawn(shell("exit 3")).value();
    const pid_t pid = child.pid();
    const auto id =
        std::move(child).on_exit<&App::on_exit>(std::weak_ptr<App>{app}).register_into(reactor);

    app.reset();
    while (reactor.contains(id.value())) {
        ASSERT_TRUE(reactor.run_once());
    }

    EXPECT_FALSE(is_unreaped(pid));
}

TEST(MemberHandlers, HandleATimer) {  // [timer.member]
    Reactor reactor;
    Timers timers = Timers::create(reactor).value();
    const auto app = std::make_shared<App>();
    ASSERT_TRUE(timers.after<&App::on_timer>(0s, *app));
    ASSERT_TRUE(timers.at<&App::on_timer>(std::chrono::steady_clock::time_point{}, app.get()));
    ASSERT_TRUE(timers.after<&App::on_timer>(0s, std::weak_ptr<App>{app}));

    poll(reactor);

    EXPECT_EQ(app->expired, 3U);
    EXPECT_EQ(app.use_count(), 1);
}

TEST(MemberHandlers, RunAPostedCall) {  // [remote.member]
    Reactor reactor;
    const RemoteEndpoint endpoint{reactor};
    auto app = std::make_shared<App>();
    ASSERT_TRUE(endpoint.post<&App::on_post>(app));
    ASSERT_TRUE(endpoint.post<&App::on_short_post>(*app));
    ASSERT_TRUE(endpoint.post<&App::on_short_post>(std::weak_ptr<App>{app}));

    poll(reactor);

    EXPECT_EQ(app->posts, 3);
    EXPECT_EQ(app->by, &reactor);
    EXPECT_EQ(app.use_count(), 1);

    ASSERT_TRUE(endpoint.post<&App::on_post>(std::weak_ptr<App>{app}));
    app.reset();
    poll(reactor);
}

TEST(MemberHandlers, OfANullPointerAreRefused) {  // [handler.null]
    Reactor reactor;
    Timers timers = Timers::create(reactor).value();
    const std::shared_ptr<App> none;

    EXPECT_EQ(error_of(timers.after<&App::on_timer>(1s, none)), std::errc::invalid_argument);
    EXPECT_EQ(error_of(timers.every<&App::on_timer>(1s, none)), std::errc::invalid_argument);
    EXPECT_EQ(error_of(RemoteEndpoint{reactor}.post<&App::on_post>(none)),
              std::errc::invalid_argument);
    EXPECT_EQ(error_of(ChildProcess::spawn(shell("exit 3"))
                           .value()
                           .on_exit<&App::on_exit>(none)
                           .register_into(reactor)),
              std::errc::invalid_argument);
}

}  // namespace
}  // namespace eventp::support
