// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <utility>

#include <sys/types.h>

#include <eventp/fd.hpp>
#include <eventp/platform.hpp>
#include <eventp/result.hpp>

namespace eventp {

class ReactorOps;

/// One signal that was delivered, and by whom: what signalfd(2) tells. [signal.sender]
///
/// Thread safety:  like an int.
struct Signal {
    int number = 0;           // SIGTERM
    int code = 0;             // SI_USER, SI_QUEUE, SI_TKILL, SI_KERNEL, CLD_EXITED: sigaction(2)
    pid_t pid = 0;            // of the sender; of the child, for SIGCHLD; 0 for the kernel's own
    uid_t uid = 0;            // likewise
    int value = 0;            // of sigqueue(3)
    void* pointer = nullptr;  // the same value as a pointer, good in the sender's process only

    friend constexpr bool operator==(const Signal&, const Signal&) noexcept = default;
};

/// Signals as something to read, on a signalfd(2).
///
///     auto ends = eventp::SignalSet::create({SIGINT, SIGTERM});
///     const auto name = eventp::interest().read().with_fd(std::move(*ends))
///                           .with_handler([](eventp::SignalSet& set, eventp::ReactorOps& ops) {
///                               while (const auto signal = set.next()) { ops.stop(); }
///                           }).register_into(reactor);
///
/// While a set lives its signals are blocked in the thread that made it, so that their dispositions
/// do not come first. [signal.blocks] The blocking is counted for each thread: sets may overlap and
/// end in any order, each signal is unblocked with the last of its sets, and what was blocked
/// before the first stays blocked. [signal.counted]
/// A signal that is pending when it is unblocked is not lost: its disposition has it then, which
/// for SIGTERM is the end of the process unless another is installed. [signal.pending]
///
/// The kernel's rules hold, and surprise:
///
/// [signal.swallowed] a signal that is sent to the process goes to any thread that does not block
///                 it, and no set sees it then. Threads inherit the mask of their maker: make the
///                 sets in main, before the first thread is started.
/// [signal.thread] one that is sent to a thread (pthread_kill(3)) is seen by that thread only.
/// [signal.merged] one that is pending already is not counted twice: three SIGHUPs may be one.
///                 No signal that is rarely read tells how often something happened.
/// [signal.queued] those from SIGRTMIN to SIGRTMAX are: each comes with its own value, in the
///                 order in which they were sent.
/// [signal.children] children inherit the mask, also over execve(2), and then seem deaf to SIGTERM.
///                 ChildProcess::spawn() gives them an empty one.
/// [signal.fork]   after fork(2) next() reads the child's signals in the child and the parent's in
///                 the parent. In a child that takes the reactor over
///                 (Reactor::reinit_after_fork) the set stays registered, with a descriptor of the
///                 child's own.
///
/// Not promised:   anything for a SIGSEGV, SIGBUS, SIGFPE or SIGILL that a thread causes itself: it
///                 kills the process when it is blocked. Nothing of the above if the program
///                 unblocks a signal by itself while a set has it.
/// Thread safety:  next() from any thread; the rest thread-bound. It is to end on the thread that
///                 made it: on another one it leaves both masks as they are, so that its signals
///                 stay blocked where it was made. [signal.elsewhere]
/// Movable; a moved-from set has the number -1 and no signals.
class EVENTP_API SignalSet {
public:
    /// Errors:         invalid_argument: no signal at all, a number that names none, SIGKILL,
    ///                 SIGSTOP, or one that the C library keeps for itself (32 and 33).
    ///                 too_many_files_open, too_many_files_open_in_system, not_enough_memory:
    ///                 signalfd(2). Nothing is blocked then.
    /// [signal.create]
    [[nodiscard]] static Result<SignalSet> create(std::span<const int> signals);
    [[nodiscard]] static Result<SignalSet> create(std::initializer_list<int> signals) {
        return create(std::span{signals.begin(), signals.size()});
    }

    SignalSet(SignalSet&& other) noexcept
        : fd_{std::move(other.fd_)},
          signals_{std::exchange(other.signals_, 0)},
          thread_{other.thread_} {}
    SignalSet& operator=(SignalSet&& other) noexcept;
    SignalSet(const SignalSet&) = delete;
    SignalSet& operator=(const SignalSet&) = delete;
    ~SignalSet();

    /// Takes the next signal that is pending; none when all are taken. The descriptor stays
    /// readable until then. [signal.next]
    ///
    /// Not promised:   the order of different signals.
    [[nodiscard]] std::optional<Signal> next() noexcept;

    [[nodiscard]] int fd() const noexcept { return fd_.fd(); }

    /// For Reactor::reinit_after_fork().
    void after_fork(ReactorOps& reactor) noexcept;

private:
    SignalSet(OwnedFd fd, std::uint64_t signals) noexcept;

    OwnedFd fd_;
    std::uint64_t signals_;  // number n is bit n - 1
    std::uint64_t thread_;   // whose mask has them
};

}  // namespace eventp
