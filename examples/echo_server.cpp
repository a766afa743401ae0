// SPDX-License-Identifier: MIT
//
// A TCP server that sends back what it receives. Its two handlers are in echo/listener.hpp and
// echo/connection.hpp: functions that tests/example/echo_server.test.cpp calls without a socket.
#include <chrono>
#include <cinttypes>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <eventp/eventp.hpp>
#include <eventp/signal.hpp>
#include <eventp/timer.hpp>

#include "command_line.hpp"
#include "echo/listener.hpp"
#include "echo/service.hpp"
#include "echo/tcp.hpp"

namespace {

using namespace std::chrono_literals;

constexpr const char* usage =
    "usage: echo_server [--host ADDRESS] [--port N] [--grace MS]\n"
    "  --host ADDRESS  where to listen (127.0.0.1)\n"
    "  --port N        0: a free one (3000)\n"
    "  --grace MS      time to flush what is owed after SIGINT or SIGTERM (1000);\n"
    "                  a second signal ends it at once\n";

/// When accept(2) lacked a resource, and no connection has been closed since.
constexpr auto retry_after = 100ms;

struct Options {
    std::string host = "127.0.0.1";
    std::uint16_t port = 3000;
    std::uint32_t grace_ms = 1000;
    bool wants_help = false;
};

/// Returns false if the command line is invalid.
bool parse(example::CommandLine words, Options& out) {
    while (!words.at_end()) {
        if (words.take("--help")) {
            out.wants_help = true;
        } else if (words.take("--host")) {
            if (!words.value(out.host)) {
                return false;
            }
        } else if (words.take("--port")) {
            if (!words.value<std::uint16_t>(out.port, 0, 65535)) {
                return false;
            }
        } else if (!words.take("--grace") ||
                   !words.value<std::uint32_t>(out.grace_ms, 0, 3'600'000)) {
            return false;
        }
    }
    return true;
}

int fail(const char* what, std::error_code error) {
    static_cast<void>(std::fprintf(stderr, "echo_server: %s: %s\n", what, error.message().c_str()));
    return 1;
}

void print(const echo::Totals& totals, const eventp::Reactor::Stats& stats) {
    std::printf("%" PRIu64 " connections, %" PRIu64 " bytes echoed, %" PRIu64 " refused, %" PRIu64
                " cut, %" PRIu64 " pauses, %" PRIu64 " turns\n",
                totals.accepted, totals.bytes, totals.refused, totals.cut, totals.pauses,
                stats.turns);
    static_cast<void>(std::fflush(stdout));
}

int serve(const Options& options, echo::TcpListener listener) {
    const auto address = listener.address();
    if (!address) {
        return fail("address", address.error());
    }
    // First, so that a signal that arrives during the start is not lost.
    auto signals = eventp::SignalSet::create({SIGINT, SIGTERM});
    if (!signals) {
        return fail("signals", signals.error());
    }
    eventp::Reactor reactor;
    auto timers = eventp::Timers::create(reactor);
    if (!timers) {
        return fail("timers", timers.error());
    }
    eventp::TimerId retry;
    echo::Service service{[&] {
        if (!timers->reschedule(retry, retry_after)) {
            retry =
                timers->after(retry_after, [&](eventp::ReactorOps& ops) { service.resume(ops); })
                    .value_or(retry);
        }
    }};

    const auto on_end = [&](eventp::SignalSet& set, eventp::ReactorOps& ops) {
        while (set.next()) {
            service.leave(ops);
        }
        const auto armed = timers->after(std::chrono::milliseconds{options.grace_ms},
                                         [&](eventp::ReactorOps& late) { service.cut(late); });
        if (!armed) {
            service.cut(ops);
        }
    };
    const auto ends = eventp::interest()
                          .read()
                          .with_fd(std::move(*signals))
                          .with_handler(on_end)
                          .register_into(reactor);
    if (!ends) {
        return fail("signals", ends.error());
    }
    const auto listens =
        echo::Service::listener_interest
            .with_fd(echo::Listener<echo::TcpListener>{std::move(listener), service})
            .with_handler<echo::on_connection<echo::TcpListener>>()
            .register_into(reactor);
    if (!listens) {
        return fail("listener", listens.error());
    }
    service.listens(*listens);

    std::printf("listening on %s\n", address->c_str());
    static_cast<void>(std::fflush(stdout));
    if (const auto ran = reactor.run(); !ran) {
        return fail("run", ran.error());
    }
    print(service.totals, reactor.stats());
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    if (!parse(example::CommandLine{argc, argv}, options)) {
        static_cast<void>(std::fputs(usage, stderr));
        return 2;
    }
    if (options.wants_help) {
        static_cast<void>(std::fputs(usage, stdout));
        return 0;
    }
    auto listener = echo::TcpListener::bind(options.host, options.port);
    if (!listener) {
        return fail("cannot listen", listener.error());
    }
    return serve(options, std::move(*listener));
}
