// SPDX-License-Identifier: MIT
//
// Runs programs side by side, ends those that take too long, and says how each ended:
//
//     children --limit 2000 -- make -C lib -- ./check --all
//
// One that is late, or everybody on SIGINT and SIGTERM, is told to end, and killed when it does
// not.
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <list>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>

#include <eventp/eventp.hpp>

#include "command_line.hpp"

namespace {

using std::chrono::milliseconds;

constexpr const char* usage =
    "usage: children [--limit MS] [--grace MS] -- PROGRAM [ARGUMENT...] [-- PROGRAM...]...\n"
    "  --limit MS  how long each may take (60000)\n"
    "  --grace MS  from SIGTERM to SIGKILL for one that is late (1000)\n";

struct Options {
    std::uint32_t limit_ms = 60'000;
    std::uint32_t grace_ms = 1000;
    std::vector<eventp::Command> commands;
};

/// False for a command line that is not understood.
bool parse(example::CommandLine words, Options& out) {
    constexpr std::uint32_t day_ms = 86'400'000;
    while (!words.at_end()) {
        if (words.take("--")) {
            if (!words.value(out.commands.emplace_back().program)) {
                return false;
            }
        } else if (!out.commands.empty()) {
            static_cast<void>(words.value(out.commands.back().arguments.emplace_back()));
        } else if (words.take("--limit")) {
            if (!words.value<std::uint32_t>(out.limit_ms, 0, day_ms)) {
                return false;
            }
        } else if (!words.take("--grace") || !words.value<std::uint32_t>(out.grace_ms, 1, day_ms)) {
            return false;
        }
    }
    return !out.commands.empty();
}

/// The children that run.
class Jobs {
public:
    Jobs(eventp::Reactor& reactor, eventp::Timers& timers, const Options& options)
        : reactor_{reactor}, timers_{timers}, options_{options} {}

    [[nodiscard]] bool are_over() const { return running_.empty(); }
    [[nodiscard]] bool have_all_succeeded() const { return have_succeeded_; }

    void start(const eventp::Command& command) {
        if (const auto started = try_to_start(command); !started) {
            ended(command.program, started.error().message(), false);
        }
    }

    /// Their time is over now.
    void end_all() {
        for (const Job& job : running_) {
            timers_.reschedule(job.limit, milliseconds{0});
        }
    }

private:
    struct Job {
        std::string program;
        eventp::ChildSignaler killer;  // the reactor has the ChildProcess
        eventp::TimerId limit = {};
        bool is_told = false;
    };
    using Running = std::list<Job>;  // handlers hold iterators

    /// On an error a child that was started is killed and reaped: its destructor does it.
    eventp::Result<> try_to_start(const eventp::Command& command) {
        auto child = eventp::ChildProcess::spawn(command);
        if (!child) {
            return std::unexpected{child.error()};
        }
        auto killer = child->signaler();
        if (!killer) {
            return std::unexpected{killer.error()};
        }
        const auto job = running_.insert(running_.end(), {command.program, std::move(*killer)});
        const auto limit =
            timers_.after(milliseconds{options_.limit_ms}, [this, job] { end(job); });
        if (!limit) {
            running_.erase(job);
            return std::unexpected{limit.error()};
        }
        job->limit = *limit;
        const auto watched =
            std::move(*child)
                .on_exit([this, job](eventp::ExitStatus status) { on_exit(job, status); })
                .register_into(reactor_);
        if (!watched) {
            timers_.cancel(*limit);
            running_.erase(job);
            return std::unexpected{watched.error()};
        }
        return {};
    }

    /// The handler of its timer, which goes on until the child has ended.
    void end(Running::iterator job) {
        const int signal = std::exchange(job->is_told, true) ? SIGKILL : SIGTERM;
        static_cast<void>(job->killer.kill(signal));  // it may have ended a moment ago
        timers_.reschedule(job->limit, milliseconds{options_.grace_ms});
    }

    void on_exit(Running::iterator job, eventp::ExitStatus status) {
        ended(job->program, (job->is_told ? "told to end, " : "") + to_string(status),
              status.is_success());
        timers_.cancel(job->limit);
        running_.erase(job);
        if (running_.empty()) {
            reactor_.stop();
        }
    }

    void ended(const std::string& program, const std::string& how, bool has_succeeded) {
        std::printf("%s: %s\n", program.c_str(), how.c_str());
        have_succeeded_ = have_succeeded_ && has_succeeded;
    }

    eventp::Reactor& reactor_;
    eventp::Timers& timers_;
    const Options& options_;
    Running running_;
    bool have_succeeded_ = true;
};

int fail(const char* what) {
    static_cast<void>(std::fprintf(stderr, "children: %s\n", what));
    return 1;
}

int run(Options& options) {
    // Before the first child: none is left running by a signal that comes early.
    auto signals = eventp::SignalSet::create({SIGINT, SIGTERM});
    if (!signals) {
        return fail("no signals");
    }
    // What is redirected need not be inherited: close-on-exec is right for every descriptor.
    const eventp::OwnedFd nothing{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
    eventp::Reactor reactor;
    auto timers = eventp::Timers::create(reactor);
    if (!nothing || !timers) {
        return fail("no descriptors");
    }
    Jobs jobs{reactor, *timers, options};
    const auto handled = eventp::interest()
                             .read()
                             .with_fd(std::move(*signals))
                             .with_handler([&jobs](eventp::SignalSet& set) {
                                 while (set.next()) {
                                     jobs.end_all();
                                 }
                             })
                             .register_into(reactor);
    if (!handled) {
        return fail("no signals");
    }
    for (eventp::Command& command : options.commands) {
        command.descriptors = {{0, eventp::BorrowedFd{nothing.fd()}}};  // nobody reads our input
        jobs.start(command);
    }
    if (!jobs.are_over() && !reactor.run()) {
        return fail("the reactor failed");
    }
    return jobs.have_all_succeeded() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    if (!parse(example::CommandLine{argc, argv}, options)) {
        static_cast<void>(std::fputs(usage, stderr));
        return 2;
    }
    static_cast<void>(std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ));
    return run(options);
}
