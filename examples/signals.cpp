// SPDX-License-Identifier: MIT
//
// A small daemon: it works at an interval that is read from a file. SIGHUP makes it read the file
// again; SIGINT and SIGTERM terminate it.
//
//     echo 1000 >interval; signals interval & echo 200 >interval; kill -HUP $!; kill $!
#include <chrono>
#include <cinttypes>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <functional>
#include <string>
#include <utility>

#include <eventp/eventp.hpp>

namespace {

class Daemon {
public:
    Daemon(std::string settings, eventp::Timers& timers)
        : settings_{std::move(settings)}, timers_{timers} {}

    /// Returns false and keeps the interval if the file is not valid.
    bool load() {
        int interval_ms = 0;
        if (!(std::ifstream{settings_} >> interval_ms) || interval_ms <= 0) {
            return false;
        }
        const auto fresh =
            timers_.every(std::chrono::milliseconds{interval_ms}, [this] { ++worked_; });
        if (!fresh) {
            return false;
        }
        timers_.cancel(std::exchange(work_, *fresh));
        std::printf("working every %d ms\n", interval_ms);
        return true;
    }

    /// The handler of the signals. It runs between other handlers, so it may do anything.
    void on_signal(eventp::SignalSet& signals, eventp::ReactorOps& reactor) {
        while (const auto signal = signals.next()) {
            if (signal->number != SIGHUP) {
                std::printf("signal %d from process %d: worked %" PRIu64 " times\n", signal->number,
                            signal->pid, worked_);
                reactor.stop();
            } else if (!load()) {
                std::printf("%s contains no interval: nothing changes\n", settings_.c_str());
            }
        }
    }

private:
    std::string settings_;
    eventp::Timers& timers_;
    eventp::TimerId work_;
    std::uint64_t worked_ = 0;
};

int fail(const char* what) {
    static_cast<void>(std::fprintf(stderr, "signals: %s\n", what));
    return 1;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        return fail("usage: signals FILE, which contains a number of milliseconds");
    }
    static_cast<void>(std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ));

    // Before any thread is created: from here on, none of the signals terminates the process.
    auto signals = eventp::SignalSet::create({SIGHUP, SIGINT, SIGTERM});
    if (!signals) {
        return fail("cannot create the signal set");
    }
    eventp::Reactor reactor;
    auto timers = eventp::Timers::create(reactor);
    if (!timers) {
        return fail("cannot create timers");
    }
    Daemon daemon{argv[1], *timers};
    const auto handled = eventp::interest()
                             .read()
                             .with_fd(std::move(*signals))
                             .with_handler(std::bind_front(&Daemon::on_signal, &daemon))
                             .register_into(reactor);
    if (!handled || !daemon.load()) {
        return fail("the file contains no interval");
    }
    return reactor.run() ? 0 : 1;
}
