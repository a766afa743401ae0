// SPDX-License-Identifier: MIT
//
// Runs programs in parallel, terminates those that take too long, and prints how each exited:
//
//     children --limit 2000 -- make -C lib -- ./check --all
//
// A program that exceeds its limit is sent SIGTERM, and SIGKILL if it does not exit. SIGINT and
// SIGTERM end the limits of all programs at once.
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
    "  --limit MS  how long each program may run (60000)\n"
    "  --grace MS  from SIGTERM to SIGKILL (1000)\n";

struct Options {
    std::uint32_t limit_ms = 60'000;
    std::uint32_t grace_ms = 1000;
    std::vector<eventp::Command> commands;
};

/// Returns false if the command line is invalid.
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

/// The programs that are running.
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

    /// Ends the time limit of every program now.
    void end_all() {
        for (const Job& job : running_) {
            timers_.reschedule(job.limit, milliseconds{0});
        }
    }

private:
    struct Job {
        std::string program;
        eventp::ChildSignaler signaler;  // the reactor owns the ChildProcess
        eventp::TimerId limit = {};
        bool was_terminated = false;  // SIGTERM was sent
    };
    using Running = std::list<Job>;  // handlers hold iterators

    /// On an error the destructor of the ChildProcess kills and reaps a child that was started.
    eventp::Result<> try_to_start(const eventp::Command& command) {
        auto child = eventp::ChildProcess::spawn(command);
        if (!child) {
            return std::unexpected{child.error()};
        }
        auto signaler = child->signaler();
        if (!signaler) {
            return std::unexpected{signaler.error()};
        }
        const auto job = running_.insert(running_.end(), {command.program, std::move(*signaler)});
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

    /// The handler of its timer, which is rescheduled until the program has exited.
    void end(Running::iterator job) {
        const int signal = std::exchange(job->was_terminated, true) ? SIGKILL : SIGTERM;
        static_cast<void>(job->signaler.kill(signal));  // fails if it has just exited
        timers_.reschedule(job->limit, milliseconds{options_.grace_ms});
    }

    void on_exit(Running::iterator job, eventp::ExitStatus status) {
        ended(job->program, (job->was_terminated ? "terminated, " : "") + to_string(status),
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
    // Before the first program is started, so that an early signal leaves none running.
    auto signals = eventp::SignalSet::create({SIGINT, SIGTERM});
    if (!signals) {
        return fail("cannot create the signal set");
    }
    // Redirected descriptors may be close-on-exec.
    const eventp::OwnedFd null{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
    eventp::Reactor reactor;
    auto timers = eventp::Timers::create(reactor);
    if (!null || !timers) {
        return fail("cannot open /dev/null or create timers");
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
        return fail("cannot create the signal set");
    }
    for (eventp::Command& command : options.commands) {
        command.descriptors = {{0, eventp::BorrowedFd{null.fd()}}};  // not our standard input
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
