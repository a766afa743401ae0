// SPDX-License-Identifier: MIT
//
// The cost and the gain of Reactor::Options::busy_poll: the time from a write on another thread to
// the handler's response, and the processor time that the reactor's thread takes for it. Samples of
// the settings alternate, so that drift hits all alike. docs/busy_polling.md shows one run.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <thread>
#include <vector>

#include <sys/eventfd.h>

#include <eventp/eventp.hpp>

namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;
using std::chrono::steady_clock;

constexpr std::array settings{0us, 5us, 50us, 500us};
constexpr auto pause_between = 100us;  // the load: one request in this time
constexpr int rounds = 400;
constexpr int requests_per_round = 20;

std::int64_t thread_cpu_ns() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

struct Setting {
    std::vector<std::int64_t> latencies;
    std::int64_t cpu = 0;
    std::int64_t wall = 0;
};

void round(nanoseconds spin, Setting& out) {
    eventp::Reactor::Options options;
    options.busy_poll = spin;
    eventp::Reactor reactor{options};
    const eventp::OwnedFd answers{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    const eventp::OwnedFd requests{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    const auto added = eventp::interest()
                           .read()
                           .with_fd(eventp::BorrowedFd{requests.fd()})
                           .with_handler([&](eventp::BorrowedFd& fd) {
                               eventfd_t count = 0;
                               static_cast<void>(eventfd_read(fd.fd(), &count));
                               static_cast<void>(eventfd_write(answers.fd(), 1));
                           })
                           .register_into(reactor);
    if (!added) {
        return;
    }
    std::int64_t cpu = 0;
    const auto start = steady_clock::now();
    {
        const std::jthread loop{[&](const std::stop_token& token) {
            const std::int64_t before = thread_cpu_ns();
            static_cast<void>(reactor.run(token));
            cpu = thread_cpu_ns() - before;
        }};
        for (int i = 0; i < requests_per_round; ++i) {
            const auto sent = steady_clock::now();
            static_cast<void>(eventfd_write(requests.fd(), 1));
            eventfd_t count = 0;
            while (eventfd_read(answers.fd(), &count) != 0) {
            }
            const auto answered = steady_clock::now();
            out.latencies.push_back(nanoseconds{answered - sent}.count());
            while (steady_clock::now() - answered < pause_between) {
            }
        }
    }
    out.cpu += cpu;
    out.wall += nanoseconds{steady_clock::now() - start}.count();
}

}  // namespace

int main() {
    std::array<Setting, settings.size()> results;
    for (int i = 0; i < rounds; ++i) {
        for (std::size_t s = 0; s < settings.size(); ++s) {
            round(settings[s], results[s]);
        }
    }
    std::puts("| spin | round trip, median | 99th percentile | processor |\n|---|---|---|---|");
    for (std::size_t s = 0; s < settings.size(); ++s) {
        auto& sorted = results[s].latencies;
        std::ranges::sort(sorted);
        std::printf(
            "| %lld us | %.1f us | %.1f us | %.0f %% |\n",
            static_cast<long long>(settings[s].count()),
            static_cast<double>(sorted[sorted.size() / 2]) / 1000,
            static_cast<double>(sorted[sorted.size() * 99 / 100]) / 1000,
            100 * static_cast<double>(results[s].cpu) / static_cast<double>(results[s].wall));
    }
}
