// SPDX-License-Identifier: MIT
#pragma once

#include <csignal>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <utility>

#include <sys/types.h>

#include <eventp/fd.hpp>
#include <eventp/platform.hpp>
#include <eventp/result.hpp>

namespace eventp::inline EVENTP_ABI_NAMESPACE {

class ReactorOps;

/// One signal that was read: the fields of signalfd(2). [signal.sender]
///
/// Thread safety:  like an int.
struct Signal {
    int number = 0;           // SIGTERM
    int code = 0;             // SI_USER, SI_QUEUE, SI_TKILL, SI_KERNEL, CLD_EXITED: sigaction(2)
    pid_t pid = 0;            // the sender; for SIGCHLD, the child; 0 if the kernel sent it
    uid_t uid = 0;            // the user id of that process
    int value = 0;            // the value given to sigqueue(3)
    void* pointer = nullptr;  // the same as a pointer, which is valid in the sender's process only

    friend constexpr bool operator==(const Signal&, const Signal&) noexcept = default;
};

/// A descriptor from which signals are read: a signalfd(2).
///
///     auto ends = eventp::SignalSet::create({SIGINT, SIGTERM});
///     const auto id = eventp::interest().read().with_fd(std::move(*ends))
///                         .with_handler([](eventp::SignalSet& set, eventp::ReactorOps& ops) {
///                             while (const auto signal = set.next()) { ops.stop(); }
///                         }).register_into(reactor);
///
/// While a set exists, its signals are blocked in the thread that created it: otherwise their
/// dispositions would handle them. [signal.blocks] The destructor unblocks them, except those that
/// were blocked before the set was created. [signal.mask]
/// A signal that is pending when it is unblocked is not lost: it is handled by its disposition,
/// which for SIGTERM terminates the process unless another one is installed. [signal.pending]
///
/// Each signal belongs to one set of the process at most, because the kernel delivers it to one
/// reader: create() fails with file_exists if a set that exists, in any thread and any reactor, has
/// one of the signals. If several parts of a program need a signal, one handler has to call them.
/// [signal.exclusive]
///
/// Rules of the kernel that are often overlooked:
///
/// [signal.swallowed] A signal that is sent to the process is handled by any thread that does not
///                 block it, and then no set can read it. Threads inherit the mask of the thread
///                 that creates them: create the sets in main(), before the first thread.
/// [signal.thread] A signal that is sent to a thread (pthread_kill(3)) can be read by that thread
///                 only.
/// [signal.merged] A standard signal that is already pending is not queued again: three SIGHUPs may
///                 be read as one. Do not use standard signals to count events.
/// [signal.queued] Real-time signals (SIGRTMIN to SIGRTMAX) are queued, each with its value, in the
///                 order in which they were sent.
/// [signal.children] Child processes inherit the mask, also through execve(2), and do not react to
///                 SIGTERM then. ChildProcess::spawn() starts programs with an empty mask.
/// [signal.fork]   After fork(2), next() reads signals of the calling process, also through the
///                 copy of a set in the child. In the child, the sets of the parent do not count
///                 for create(); do not read a copy after creating a set with the same signals.
///                 Reactor::reinit_after_fork() keeps a set registered, with a descriptor and a
///                 mask of the child, unless a new set has one of its signals: then it is
///                 destroyed.
///
/// No function is a cancellation point (pthreads(7)). [signal.cancel]
///
/// Not promised:   anything for a SIGSEGV, SIGBUS, SIGFPE or SIGILL that a thread causes itself: if
///                 it is blocked, it kills the process. Anything if the program itself unblocks a
///                 signal of a set. That sets of different copies of this library in one process
///                 (as static libraries in plugins may be) know of each other: file_exists and the
///                 mask are per copy.
/// Thread safety:  next() and fd() from any thread, even while a reactor owns the set; the other
///                 functions from one thread at a time. Destroy a set on the thread that created
///                 it: another thread cannot change that thread's mask, so that the signals stay
///                 blocked there. [signal.elsewhere]
/// Movable; a moved-from and a default-constructed set has no signals, and -1 as its descriptor.
/// [signal.empty]
class EVENTP_API SignalSet {
public:
    /// Errors:         nothing changed.
    ///                 invalid_argument: no signals; a number that is not a signal; SIGKILL,
    ///                 SIGSTOP, or a signal that the C library reserves (32 and 33).
    ///                 file_exists: another set has one of the signals. [signal.exclusive]
    ///                 too_many_files_open, too_many_files_open_in_system, not_enough_memory:
    ///                 signalfd(2).
    /// [signal.create]
    [[nodiscard]] static Result<SignalSet> create(std::span<const int> numbers);
    [[nodiscard]] static Result<SignalSet> create(std::initializer_list<int> numbers) {
        return create(std::span{numbers.begin(), numbers.size()});
    }

    /// Like a moved-from one: a member that create() is assigned to.
    SignalSet() noexcept : process_{0}, signals_{0} {}
    SignalSet(SignalSet&& other) noexcept
        : fd_{std::move(other.fd_)},
          process_{other.process_},
          signals_{std::exchange(other.signals_, 0)} {}
    SignalSet& operator=(SignalSet&& other) noexcept;
    SignalSet(const SignalSet&) = delete;
    SignalSet& operator=(const SignalSet&) = delete;
    ~SignalSet();

    /// Reads the next pending signal; nothing if none is pending. The descriptor is readable while
    /// one is. [signal.next]
    ///
    /// Not promised:   the order of different signals.
    [[nodiscard]] std::optional<Signal> next() noexcept;

    [[nodiscard]] int fd() const noexcept { return fd_.fd(); }

    /// Called by Reactor::reinit_after_fork() in the child. [signal.fork]
    void after_fork(ReactorOps& reactor) noexcept;

private:
    SignalSet(OwnedFd fd, std::uint64_t bits) noexcept;

    OwnedFd fd_;
    std::uint32_t process_;  // the process whose set this is
    std::uint64_t signals_;  // number n is bit n - 1
};

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE
