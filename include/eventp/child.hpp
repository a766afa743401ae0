// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>

#include <sys/types.h>

#include <eventp/builder.hpp>
#include <eventp/command.hpp>
#include <eventp/detail/child_handler.hpp>
#include <eventp/detail/parameter_invoker.hpp>
#include <eventp/exit_status.hpp>
#include <eventp/fd.hpp>
#include <eventp/platform.hpp>
#include <eventp/result.hpp>

namespace eventp {

/// What becomes of a child whose ChildProcess goes before it has ended.
enum class OnDestroy : std::uint8_t {
    /// It is killed (SIGKILL) and reaped before the destructor returns: a program leaves nothing
    /// behind by accident. One that may not be killed any more, because it has got another user's
    /// rights, is left as below. [child.kill_and_wait]
    kill_and_wait,
    /// It runs on. Once it has ended, the next spawn(), adopt() or end of any other child in this
    /// process reaps it, or reap_detached() does; until then it is a zombie, and when this process
    /// is
    /// over, init's. [child.detach]
    detach,
};

namespace detail {
template <typename F>
struct ExitHandler;
}  // namespace detail

/// Sends signals to one child, from wherever: it stays good when the ChildProcess is in a reactor,
/// and when the child and the ChildProcess are gone. [child.signaler]
///
/// Thread safety:  kill() from any thread.
class EVENTP_API ChildSignaler {
public:
    /// As ChildProcess::kill().
    [[nodiscard]] Result<> kill(int signal) const noexcept;

private:
    friend class ChildProcess;
    ChildSignaler(OwnedFd pidfd, std::uint32_t parent) noexcept
        : pidfd_{std::move(pidfd)}, parent_{parent} {}

    OwnedFd pidfd_;
    std::uint32_t parent_;  // the process whose child it is
};

/// The one owner of a child process, on a pidfd(2).
///
///     auto child = eventp::ChildProcess::spawn({.program = "make", .arguments = {"-j2"}});
///     const auto name = std::move(*child)
///                           .on_exit([](eventp::ExitStatus status) { report(status); })
///                           .register_into(reactor);
///
/// A Descriptor that is readable once the child has ended. With on_exit() a reactor owns it: in the
/// turn that learns of the end it reaps the child, so that no zombie stays while a reactor runs
/// [child.reaped], unregisters it and calls the handler. Removed before, or destroyed with its
/// reactor, it does what OnDestroy says, as it does outside of one. The number of the process is
/// never used for anything, so that a new process with that number is safe from us. [child.kill]
///
/// The end of a child can be learned once, by one. A program that waits for any child
/// (waitpid(2) with -1), or ignores SIGCHLD, or sets SA_NOCLDWAIT for it, takes it from us: the
/// status is then ExitStatus::unknown(). [child.unknown]
///
/// In a forked child the parent's children are nobody's: kill() answers no_child_process, and so
/// does wait() unless the end was known before; status() nothing new, the destructor touches no
/// process. Reactor::reinit_after_fork() destroys what it finds of them. [child.fork]
///
/// Not promised:   anything for the children of the child.
/// Thread safety:  thread-bound; a ChildSignaler is not. The child belongs to the whole process, so
///                 the object may be handed to another thread.
/// Movable; a moved-from one has the number -1 and no child.
class EVENTP_API ChildProcess {
public:
    /// Starts a program. It finds no signal blocked, every disposition the default one
    /// [child.signals], and no descriptor but those that Command says.
    ///
    /// Errors:         [child.spawn] whatever keeps the program from starting is an error here, and
    ///                 there is no child then: no_such_file_or_directory, permission_denied,
    ///                 executable_format_error, argument_list_too_long, not_enough_memory,
    ///                 resource_unavailable_try_again: execve(2), fork(2).
    ///                 bad_file_descriptor: one that is to be redirected is not open.
    ///                 invalid_argument: one that is to be swapped with others goes beyond
    ///                 RLIMIT_NOFILE.
    ///                 invalid_argument: a zero byte in a string, or a variable whose name is
    ///                 empty or has a '='.
    ///                 too_many_files_open, too_many_files_open_in_system: pidfd_open(2).
    ///                 function_not_supported: pidfd_open(2) before Linux 5.3 (5.4 is needed), and
    ///                 for a directory with a C library that cannot (glibc before 2.29).
    ///                 no_child_process: it has ended, and somebody else was told [child.unknown].
    /// Throws:         std::bad_alloc; there is no child then.
    /// Not promised:   that other descriptors without close-on-exec are closed in the child with a
    ///                 C library that cannot (glibc before 2.34). That the calling thread goes on
    ///                 before the child has reached its execve(2).
    [[nodiscard]] static Result<ChildProcess> spawn(
        const Command& command, OnDestroy on_destroy = OnDestroy::kill_and_wait);

    /// Takes a child over that was started otherwise. [child.adopt]
    ///
    /// Preconditions:  `pid` is a child that nobody has reaped or will: of any other process the
    ///                 number may by now be a stranger's.
    /// Errors:         no_such_process: there is none.
    ///                 no_child_process: it is none of ours, or reaped.
    ///                 invalid_argument: `pid` is not positive.
    ///                 too_many_files_open, too_many_files_open_in_system, not_enough_memory:
    ///                 pidfd_open(2).
    ///                 function_not_supported: before Linux 5.3 (5.4 is needed).
    /// Throws:         std::bad_alloc; nothing changed.
    [[nodiscard]] static Result<ChildProcess> adopt(
        pid_t pid, OnDestroy on_destroy = OnDestroy::kill_and_wait);

    ChildProcess(ChildProcess&& other) noexcept : state_{std::exchange(other.state_, nullptr)} {}
    ChildProcess& operator=(ChildProcess&& other) noexcept {
        ChildProcess taken{std::move(other)};
        std::swap(state_, taken.state_);
        return *this;
    }
    ChildProcess(const ChildProcess&) = delete;
    ChildProcess& operator=(const ChildProcess&) = delete;
    ~ChildProcess();

    /// For on_exit() and for show; it may be another process's number once the end is known.
    [[nodiscard]] pid_t pid() const noexcept;
    [[nodiscard]] int fd() const noexcept;

    /// Sends a signal; 0 asks whether one could be sent. [child.kill]
    ///
    /// Returns:        success also for a child that has ended and is not reaped yet.
    /// Errors:         no_such_process: it is reaped, or this is moved from.
    ///                 operation_not_permitted: it has got another user's rights.
    ///                 invalid_argument: no signal.
    ///                 no_child_process: in a forked child. [child.fork]
    [[nodiscard]] Result<> kill(int signal) const noexcept;

    /// Something that kill()s this child, and no other, while this is in a reactor.
    /// Errors:         too_many_files_open: fcntl(2). no_child_process: in a forked child.
    [[nodiscard]] Result<ChildSignaler> signaler() const noexcept;

    /// How it ended; none while it runs. Reaps it, and remembers. [child.status]
    [[nodiscard]] std::optional<ExitStatus> status() noexcept;

    /// Blocks until it has ended: for programs that have nothing else to do. [child.wait]
    /// Errors:         no_child_process: in a forked child, or moved from.
    [[nodiscard]] Result<ExitStatus> wait() noexcept;

    /// The end of a chain of the builder, with build() and register_into(): calls `handler` once,
    /// when the child has ended and is reaped and unregistered. [child.on_exit]
    ///
    /// The handler takes any subset, in any order, each at most once, of ExitStatus, ChildProcess&
    /// and ReactorOps&, and returns nothing; move-only ones too. [child.parameters]
    /// Reactor::find<ChildProcess>() finds this under its RegistrationId.
    template <typename F>
    [[nodiscard]] auto on_exit(F&& handler) && {
        return interest()
            .read()
            .with_fd(std::move(*this))
            .with_handler(detail::ExitHandler<std::decay_t<F>>{std::forward<F>(handler)});
    }

    /// Reaps those of OnDestroy::detach that have ended; how many have not.
    /// Thread safety:  from any thread.
    static std::size_t reap_detached() noexcept;

private:
    struct State;
    class Left;

    explicit ChildProcess(State* state) noexcept : state_{state} {}
    /// Throws std::bad_alloc before anything is done.
    [[nodiscard]] static State* make_state(OnDestroy on_destroy);

    State* state_;
};

namespace detail {

/// What a reactor calls when the pidfd is readable.
template <typename F>
struct ExitHandler {
    F function;

    void operator()(ChildProcess& child, RegistrationId self, ReactorOps& reactor) {
        if (const auto status = child.status()) {
            // It is destroyed when this has returned; a handler that throws leaves nothing behind.
            reactor.remove(self);
            ExitParameters::Arguments arguments{*status, child, reactor};
            ParameterInvoker<ExitParameters, F>::call(function, arguments);
        }
    }
};

}  // namespace detail
}  // namespace eventp
