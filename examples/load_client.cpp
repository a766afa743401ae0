// SPDX-License-Identifier: MIT
//
// Measures an echo server under load: every connection sends a message of random bytes, waits until
// it has come back, compares each byte, and sends the next. Exits with 0 only if all were equal.
#include <algorithm>
#include <chrono>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <unistd.h>

#include <eventp/eventp.hpp>
#include <eventp/timer.hpp>

#include "command_line.hpp"
#include "echo/tcp.hpp"
#include "load/peer.hpp"

namespace {

using namespace std::chrono_literals;
using Seconds = std::chrono::duration<double>;
using Clock = std::chrono::steady_clock;

constexpr const char* usage =
    "usage: load_client --port N [--host ADDRESS] [--connections N] [--seconds N] [--bytes N]\n"
    "  --port N         where the server listens\n"
    "  --host ADDRESS   (127.0.0.1)\n"
    "  --connections N  at the same time (64)\n"
    "  --seconds N      for how long (5)\n"
    "  --bytes N        in a message (64)\n";

/// How long to wait for the last responses when the time is over.
constexpr auto grace = 10s;

struct Options {
    std::string host = "127.0.0.1";
    std::uint16_t port = 0;
    std::uint32_t connections = 64;
    std::uint32_t seconds = 5;
    std::uint32_t bytes = 64;
    bool wants_help = false;
};

/// Reads one option. Returns false if it is invalid.
bool parse_one(example::CommandLine& words, Options& out) {
    if (words.take("--help")) {
        out.wants_help = true;
        return true;
    }
    if (words.take("--host")) {
        return words.value(out.host);
    }
    if (words.take("--port")) {
        return words.value<std::uint16_t>(out.port, 1, 65535);
    }
    if (words.take("--connections")) {
        return words.value<std::uint32_t>(out.connections, 1, 1'000'000);
    }
    if (words.take("--seconds")) {
        return words.value<std::uint32_t>(out.seconds, 1, 1'000'000);
    }
    return words.take("--bytes") && words.value<std::uint32_t>(out.bytes, 1, 1U << 30U);
}

bool parse(example::CommandLine words, Options& out) {
    while (!words.at_end()) {
        if (!parse_one(words, out)) {
            return false;
        }
    }
    return out.wants_help || out.port != 0;
}

int fail(const char* what, std::error_code error) {
    static_cast<void>(std::fprintf(stderr, "load_client: %s: %s\n", what, error.message().c_str()));
    return 1;
}

/// Shows the progress: a bar on a terminal, otherwise a line per second.
class Progress {
public:
    explicit Progress(std::uint32_t seconds) : seconds_{seconds} {}

    void show(const load::Run& run) {
        ++passed_;
        const std::uint64_t requests = run.latency.total();
        if (is_terminal_) {
            constexpr std::uint64_t width = 40;
            const auto done =
                static_cast<int>(std::min<std::uint64_t>(width, width * passed_ / seconds_));
            std::printf("\r  [%-40.*s] %" PRIu64 " of %" PRIu32 " s  %9" PRIu64 " requests/s ",
                        done, "########################################", passed_, seconds_,
                        requests - shown_);
        } else {
            std::printf("  %3" PRIu64 " s  %9" PRIu64 " requests/s\n", passed_, requests - shown_);
        }
        shown_ = requests;
        static_cast<void>(std::fflush(stdout));
    }
    void end() const {
        if (is_terminal_) {
            std::printf("\n");
        }
    }

private:
    std::uint32_t seconds_;
    std::uint64_t passed_ = 0;
    std::uint64_t shown_ = 0;  // requests until the previous line
    bool is_terminal_ = isatty(STDOUT_FILENO) == 1;
};

void print_table(const Options& options, const load::Run& run, const eventp::Reactor::Stats& stats,
                 Seconds took) {
    const auto us = [](std::uint64_t ns) { return static_cast<double>(ns) / 1000; };
    const double turns = static_cast<double>(std::max<std::uint64_t>(stats.turns, 1));
    std::printf("\n  %-26s %12" PRIu32 "\n", "connections", options.connections);
    std::printf("  %-26s %12" PRIu32 "\n", "bytes in a message", options.bytes);
    std::printf("  %-26s %12.0f\n", "requests/s",
                static_cast<double>(run.latency.total()) / took.count());
    std::printf("  %-26s %12.1f us\n", "latency, median", us(run.latency.quantile(0.5)));
    std::printf("  %-26s %12.1f us\n", "latency, 99th percentile", us(run.latency.quantile(0.99)));
    std::printf("  %-26s %12.1f\n", "events per wait",
                static_cast<double>(stats.events_reported) / turns);
    std::printf("  %-26s %12" PRIu64 "\n", "bytes checked", run.bytes_checked);
    std::printf("  %-26s %12" PRIu64 "\n", "failed connections", run.failures);
}

/// Opens all connections. Stops at the first error.
eventp::Result<> connect_all(const Options& options, load::Run& run, eventp::Reactor& reactor) {
    for (std::uint32_t i = 0; i < options.connections; ++i) {
        auto stream = echo::TcpStream::connect(options.host, options.port);
        if (!stream) {
            return std::unexpected{stream.error()};
        }
        const auto added = eventp::interest()
                               .edge_triggered()
                               .read_write()
                               .with_fd(load::Peer{std::move(*stream), run, i})
                               .with_handler<&load::Peer::on_ready>()
                               .register_into(reactor);
        if (!added) {
            return std::unexpected{added.error()};
        }
        ++run.open;
    }
    return {};
}

int drive(const Options& options) {
    load::Run run{options.bytes};
    Progress progress{options.seconds};
    eventp::Reactor reactor;
    auto timers = eventp::Timers::create(reactor);
    if (!timers) {
        return fail("timers", timers.error());
    }
    const auto ticks = timers->every(1s, [&] {
        if (!run.is_ending) {
            progress.show(run);
        }
    });
    const std::chrono::seconds time{options.seconds};
    const auto ends = timers->after(time, [&] { run.is_ending = true; });
    const auto gives_up = timers->after(time + grace, [&](eventp::ReactorOps& ops) {
        run.fail("answers did not come");
        ops.stop();
    });
    if (!ticks || !ends || !gives_up) {
        return fail("timers", std::make_error_code(std::errc::not_enough_memory));
    }
    if (const auto connected = connect_all(options, run, reactor); !connected) {
        return fail("cannot connect", connected.error());
    }

    std::printf("%" PRIu32 " connections to %s:%d for %" PRIu32 " s\n", options.connections,
                options.host.c_str(), options.port, options.seconds);
    static_cast<void>(std::fflush(stdout));
    const Clock::time_point begun = Clock::now();
    if (const auto ran = reactor.run(); !ran) {
        return fail("run", ran.error());
    }
    progress.end();
    print_table(options, run, reactor.stats(), Clock::now() - begun);
    if (run.failures != 0) {
        static_cast<void>(
            std::fprintf(stderr, "load_client: FAILED: %s\n", run.first_failure.c_str()));
        return 1;
    }
    std::printf("\nevery byte came back right\n");
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
    return drive(options);
}
