// SPDX-License-Identifier: MIT
//
// A user's type throws at its nth copy or move, n = 1, 2, 3 and so on: the exception reaches the
// caller that asked for the copy, no thread waits forever, and everything else still works.
#include <atomic>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include <gtest/gtest.h>

#include <eventp/eventp.hpp>

#include "support/files.hpp"
#include "support/source.hpp"

#if defined(__cpp_exceptions)

namespace eventp::support {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

struct CopyFailed {};

/// Throws when the test says so; counts how many are alive. Copies and moves count alike, as in a
/// class from before C++11.
class Fragile {
public:
    Fragile() { ++alive; }
    Fragile(const Fragile& /*other*/) {
        if (until_throw > 0 && --until_throw == 0) {
            has_thrown = true;
            throw CopyFailed{};
        }
        ++alive;
    }
    Fragile& operator=(const Fragile& /*other*/) {
        if (until_throw > 0 && --until_throw == 0) {
            has_thrown = true;
            throw CopyFailed{};
        }
        return *this;
    }
    ~Fragile() { --alive; }

    inline static std::atomic<int> until_throw = 0;  // 0: never
    inline static std::atomic<bool> has_thrown = false;
    inline static std::atomic<int> alive = 0;
};

/// Does `action` with the nth copy throwing, for n = 1, 2, ... until none throws. `action` returns
/// whether it received the exception.
void for_each_copy(
    const std::function<bool()>& action, const std::function<void()>& wait_for_others = [] {}) {
    const int alive_before = Fragile::alive;
    int n = 0;
    for (bool has_thrown = true; has_thrown;) {
        ASSERT_LT(++n, 40) << "every copy throws";
        SCOPED_TRACE("copy " + std::to_string(n));
        Fragile::has_thrown = false;
        Fragile::until_throw = n;
        const bool caught = action();
        wait_for_others();
        Fragile::until_throw = 0;
        has_thrown = Fragile::has_thrown;
        EXPECT_EQ(caught, has_thrown) << "the exception did not reach its caller";
        EXPECT_EQ(Fragile::alive, alive_before) << "leaked, or destroyed twice";
    }
    EXPECT_GE(n, 2) << "nothing was copied";
}

/// A reactor that another thread runs, whatever leaves its runs.
class RunningReactor {
public:
    RunningReactor() {
        thread_ = std::jthread{[this] {
            for (bool ended = false; !ended;) {
                try {
                    ended = reactor.run().has_value();
                } catch (const CopyFailed&) {
                    ++thrown_out_of_run;
                }
            }
        }};
    }
    ~RunningReactor() {
        EXPECT_TRUE(endpoint.call([] { return 1; }));  // it works
        EXPECT_TRUE(endpoint.stop());
        thread_.join();
        EXPECT_EQ(thrown_out_of_run, expected_out_of_run);
    }

    Reactor reactor;
    RemoteEndpoint endpoint{reactor};
    /// for_each_copy() with this reactor: what a call has left to it is destroyed, too.
    void for_each_copy(const std::function<bool()>& action) const {
        support::for_each_copy(action, [this] { EXPECT_TRUE(endpoint.call([] {})); });
    }

    int thrown_out_of_run = 0;
    int expected_out_of_run = 0;

private:
    std::jthread thread_;
};

template <typename F>
bool throws(F action) {
    try {
        action();
        return false;
    } catch (const CopyFailed&) {
        return true;
    }
}

TEST(ThrowingResult, OfCallReachesItsCaller) {  // [remote.throws]
    RunningReactor running;
    running.for_each_copy([&] {
        return throws([&] { EXPECT_TRUE(running.endpoint.call([] { return Fragile{}; })); });
    });
}

TEST(ThrowingResult, OfCallWithATimeoutReachesItsCaller) {  // [remote.throws] [remote.timeout]
    RunningReactor running;
    running.for_each_copy([&] {
        return throws(
            [&] { EXPECT_TRUE(running.endpoint.call([] { return Fragile{}; }, hours{1})); });
    });
}

TEST(ThrowingResult, OfCallThatReturnsAResultReachesItsCaller) {  // [remote.throws]
    RunningReactor running;
    running.for_each_copy([&] {
        return throws([&] {
            EXPECT_TRUE(running.endpoint.call([]() -> Result<Fragile> { return Fragile{}; }));
        });
    });
}

TEST(ThrowingResult, OfCallAsyncReachesTheCallerOfGet) {  // [remote.throws] [remote.async]
    RunningReactor running;
    running.for_each_copy([&] {
        return throws(
            [&] { EXPECT_TRUE(running.endpoint.call_async([] { return Fragile{}; }).get()); });
    });
}

TEST(ThrowingClosure, ThatIsCopiedByPostReachesThePoster) {  // [remote.throws] [remote.post]
    RunningReactor running;
    running.for_each_copy([&] {
        const Fragile fragile;
        int ran = 0;
        const bool caught = throws([&] {
            const auto closure = [fragile, &ran] { ++ran; };
            EXPECT_TRUE(running.endpoint.post(closure));
        });
        EXPECT_TRUE(running.endpoint.call([] {}));  // after what was posted
        EXPECT_EQ(ran, caught ? 0 : 1);
        return caught;
    });
}

TEST(ThrowingClosure, ThatIsCopiedByCallReachesTheCaller) {  // [remote.throws] [remote.call]
    RunningReactor running;
    running.for_each_copy([&] {
        const Fragile fragile;
        return throws([&] {
            const auto closure = [fragile] { return 1; };
            EXPECT_TRUE(running.endpoint.call(closure));
            EXPECT_TRUE(running.endpoint.call(closure, hours{1}));
            EXPECT_TRUE(running.endpoint.call_async(closure).get());
        });
    });
}

TEST(ThrowingClosure, ThatThrowsAfterARemovalLeavesNoRemovedSubscriber) {
    // [remote.throws] [remove.callback]
    RunningReactor running;
    const RemoteEndpoint& endpoint = running.endpoint;
    Source source;
    ASSERT_TRUE(endpoint.call([&](ReactorOps& ops) { source.add_to(ops); }));

    EXPECT_TRUE(throws([&] {
        static_cast<void>(endpoint.call([&](ReactorOps& ops) {
            ops.remove(source.name);
            throw CopyFailed{};
        }));
    }));

    EXPECT_EQ(source.destroyed, 1) << "destroyed before call() returns";
}

TEST(ThrowingSubscriber, ThatIsCopiedByTheBuilderReachesTheCaller) {  // [builder.build]
    Reactor reactor;
    for_each_copy([&] {
        const Fragile fragile;
        const OwnedFd file = make_eventfd();
        std::optional<RegistrationId> id;
        const bool caught = throws([&] {
            const auto handler = [fragile] {};
            id = interest()
                     .read()
                     .with_fd(BorrowedFd{file.fd()})
                     .with_handler(handler)
                     .register_into(reactor)
                     .value();
        });
        EXPECT_EQ(reactor.stats().registered, caught ? 0U : 1U);
        if (id) {
            EXPECT_TRUE(reactor.remove(*id));
        }
        return caught;
    });
}

struct FragileDevice {
    explicit FragileDevice(const Fragile& made_from) : fragile{made_from} {}
    void on_event() {}
    OwnedFd a = make_eventfd();
    Fragile fragile;
    OwnedFd b = make_eventfd();
};

TEST(ThrowingDevice, ThatIsMadeInPlaceReachesTheCaller) {  // [device.build]
    Reactor reactor;
    for_each_copy([&] {
        const Fragile fragile;
        return throws([&] {
            const auto ids = device<FragileDevice>()
                                 .watch<&FragileDevice::a, &FragileDevice::on_event>(reading)
                                 .watch<&FragileDevice::b, &FragileDevice::on_event>(reading)
                                 .register_into(reactor, fragile);
            EXPECT_TRUE(ids);
            for (const RegistrationId id : *ids) {
                EXPECT_TRUE(reactor.remove(id));
            }
        });
    });
    EXPECT_EQ(reactor.stats().registered, 0U);
}

/// A subscriber that a container of the user's moves.
struct FragileSubscriber {
    Fragile fragile;
    int number;
    [[nodiscard]] int fd() const { return number; }
    [[nodiscard]] Interest interest() const { return reading; }
    void handle() {}
};

TEST(ThrowingSubscriber,
     ThatIsMovedIntoAnAnySubscriberAndOutReachesTheCaller) {  // [any.owner] [any.into]
    const OwnedFd file = make_eventfd();
    for_each_copy([&] {
        return throws([&] {
            AnySubscriber subscriber{FragileSubscriber{.fragile = {}, .number = file.fd()}};
            EXPECT_NE(subscriber.into<FragileSubscriber>(), nullptr);
        });
    });
}

}  // namespace
}  // namespace eventp::support

#endif
