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
#include <eventp/handler.hpp>
#include <eventp/interest.hpp>
#include <eventp/platform.hpp>
#include <eventp/result.hpp>

namespace eventp::inline EVENTP_ABI_NAMESPACE {

/// What ~ChildProcess() does with a child that has not exited. It leaves errno unchanged.
/// [child.errno]
enum class OnDestroy : std::uint8_t {
    /// The child is killed (SIGKILL), and reaped before the destructor returns.
    /// [child.kill_and_wait]
    /// The destructor does not wait for a child that cannot be killed (it may run with the rights
    /// of another user, or a sandbox may refuse pidfd_send_signal(2)), and for one that was killed
    /// no longer than five seconds: it may be traced by another process, or blocked in the kernel.
    /// Such a child is detached, as below. [child.bounded]
    kill_and_wait,
    /// The child continues to run. After it has exited it is a zombie until this process reaps it:
    /// reap_detached() checks all detached children; spawn(), adopt() and the exit of another child
    /// check a few of them, in turn, so that they do not make more system calls if there are more
    /// detached children. [child.detach] Each keeps one descriptor open until it is reaped. If this
    /// process exits first, init adopts the child.
    detach,
};

namespace detail {

template <typename F>
struct ExitHandler;

/// Kernel: the pidfd of a traced child becomes readable when the child dies, but waitid(2) does not
/// find the child until its tracer has let it go; the kernel reports a second edge then.
[[gnu::visibility("hidden")]] inline constexpr Interest exit_interest =
    Interest{}.read().edge_triggered();

}  // namespace detail

/// Sends signals to one child from any thread. Stays valid after the ChildProcess was moved into a
/// reactor or destroyed, and after the child was reaped. [child.signaler]
///
/// Thread safety:  kill() from any thread.
/// Movable; a moved-from one has no child.
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

/// Owns a child process through a pidfd(2).
///
///     auto child = eventp::ChildProcess::spawn({.program = "make", .arguments = {"-j2"}});
///     const auto id = std::move(*child)
///                         .on_exit([](eventp::ExitStatus status) { report(status); })
///                         .register_into(reactor);
///
/// A Descriptor that becomes readable when the child exits. With on_exit() a reactor owns it: in
/// the turn that reports the exit, the child is reaped, so that it does not stay a zombie while the
/// reactor runs [child.reaped]; then it is unregistered and the handler is called. If it is removed
/// before that, or destroyed with its reactor, the child is treated as OnDestroy says. Signals are
/// sent and the child is reaped through the pidfd, never through the pid, so that another process
/// with a reused pid is never affected. [child.kill]
///
/// Each exit status can be collected once. If the program calls waitpid(2) for any child, ignores
/// SIGCHLD, or sets SA_NOCLDWAIT for it, then it may be collected before this class does that; the
/// status is ExitStatus::unknown() then. [child.unknown]
///
/// If a child is traced (ptrace(2)) by another process and dies, it cannot be reaped until the
/// tracer has waited for it or has exited. Until then fd() is readable although status() returns
/// nothing. The handler of on_exit() is called afterwards; the reactor does not spin until then.
/// [child.traced]
///
/// After fork(2) the forked process does not own the children of its parent: kill(), signaler() and
/// wait() fail with no_child_process (wait() still returns a status that was known before),
/// status() does not change, and the destructor affects no process. Reactor::reinit_after_fork()
/// destroys the ChildProcess objects that are registered. [child.fork]
///
/// Only wait() is a cancellation point (pthreads(7)). [child.cancel]
///
/// Not promised:   anything for the children of the child. If a process contains several copies of
///                 this library (as static libraries in plugins may be), then each has its own
///                 detached children.
/// Thread safety:  pid(), fd(), kill() and signaler() from any thread, even while a reactor owns
///                 the object. The other functions from one thread at a time; while a reactor owns
///                 the object, only from handlers of that reactor, which reaps the child. This is
///                 not checked, but ReactorOps::find(), which finds the object, is.
/// Movable; a moved-from and a default-constructed object has no child, and -1 as its descriptor
/// and pid. [child.empty]
class EVENTP_API ChildProcess {
public:
    /// Starts a program, with no signal blocked, with the default disposition of every signal
    /// [child.signals], and with the descriptors that Command::descriptors describes.
    ///
    /// Errors:         [child.spawn] no program was started.
    ///                 Those of execve(2) and fork(2), among them no_such_file_or_directory,
    ///                 permission_denied, executable_format_error, argument_list_too_long,
    ///                 not_enough_memory, resource_unavailable_try_again.
    ///                 bad_file_descriptor: in Command::descriptors, a descriptor of this process
    ///                 is not open, or one of the child is negative or over RLIMIT_NOFILE.
    ///                 invalid_argument: descriptors are exchanged, and there is no descriptor
    ///                 above those of the child within RLIMIT_NOFILE, which that needs.
    ///                 invalid_argument: a string contains a zero byte, or the name of a variable
    ///                 is empty or contains '='.
    ///                 too_many_files_open, too_many_files_open_in_system: pidfd_open(2), or
    ///                 descriptors are exchanged. If another thread opens the last descriptor while
    ///                 the program is being started, the program is killed.
    ///                 function_not_supported: pidfd_open(2) before Linux 5.3 (5.4 is required); a
    ///                 directory, with glibc before 2.29.
    ///                 no_child_process: other code collected the exit status [child.unknown].
    /// Throws:         std::bad_alloc; no program was started.
    /// Not promised:   with glibc before 2.34 and with musl, that other descriptors without
    ///                 close-on-exec are closed in the child; with glibc before 2.29, that a
    ///                 close-on-exec descriptor reaches the child under its own number. That the
    ///                 function returns before the child has called execve(2).
    [[nodiscard]] static Result<ChildProcess> spawn(
        const Command& command, OnDestroy on_destroy = OnDestroy::kill_and_wait);

    /// Takes ownership of a child process that spawn() did not start. It may have exited, and
    /// clone(2) may have made it with any exit signal, or none. [child.adopt]
    ///
    /// Preconditions:  `pid` is a child that no other code reaps: the pid of any other process may
    ///                 by now have been reused.
    /// Errors:         no_such_process: there is no such process.
    ///                 no_child_process: it is not a child of this process, or was reaped.
    ///                 invalid_argument: `pid` is not positive.
    ///                 no_such_file_or_directory (invalid_argument before Linux 6.9): `pid` is a
    ///                 thread that is not the first one of its process.
    ///                 too_many_files_open, too_many_files_open_in_system, not_enough_memory:
    ///                 pidfd_open(2).
    ///                 function_not_supported: before Linux 5.3 (5.4 is required).
    /// Throws:         std::bad_alloc; nothing changed.
    [[nodiscard]] static Result<ChildProcess> adopt(
        pid_t pid, OnDestroy on_destroy = OnDestroy::kill_and_wait);

    /// Like a moved-from one: a member that spawn() is assigned to.
    ChildProcess() noexcept : state_{nullptr} {}
    ChildProcess(ChildProcess&& other) noexcept : state_{std::exchange(other.state_, nullptr)} {}
    ChildProcess& operator=(ChildProcess&& other) noexcept {
        ChildProcess taken{std::move(other)};
        std::swap(state_, taken.state_);
        return *this;
    }
    ChildProcess(const ChildProcess&) = delete;
    ChildProcess& operator=(const ChildProcess&) = delete;
    ~ChildProcess();

    /// For log messages: once the child was reaped, another process may have this pid.
    [[nodiscard]] pid_t pid() const noexcept;
    /// The pidfd.
    [[nodiscard]] int fd() const noexcept;

    /// Sends a signal. 0 sends none, and checks only whether one could be sent. [child.kill]
    ///
    /// Returns:        success also if the child has exited and was not reaped.
    /// Errors:         no_such_process: it was reaped, or this object is moved from.
    ///                 operation_not_permitted: it runs with the rights of another user.
    ///                 invalid_argument: not a signal.
    ///                 no_child_process: called in a forked child. [child.fork]
    [[nodiscard]] Result<> kill(int signal) const noexcept;

    /// Returns an object that sends signals to this child while a reactor owns this object.
    /// Errors:         too_many_files_open: fcntl(2).
    ///                 no_child_process: called in a forked child, or moved from.
    [[nodiscard]] Result<ChildSignaler> signaler() const noexcept;

    /// Returns how the child exited; nothing if it has not. Reaps it, and stores the status.
    /// [child.status]
    [[nodiscard]] std::optional<ExitStatus> status() noexcept;

    /// Blocks until the child has exited, and reaps it. [child.wait]
    ///
    /// Errors:         no_child_process: called in a forked child, or moved from.
    ///                 The error of waitid(2) if a sandbox refuses it [error.refused]: the child
    ///                 cannot be reaped then.
    /// Cancellation:   a cancellation point; afterwards this object and the child are unchanged.
    [[nodiscard]] Result<ExitStatus> wait();

    /// The last but one call of a builder chain, before build() or register_into(). `handler` is
    /// called once, after the child has exited and was reaped and unregistered. [child.on_exit]
    ///
    /// The handler takes any subset, in any order, each at most once, of ExitStatus, ChildProcess&
    /// and ReactorOps&, and returns void; it may be move-only. [child.parameters] A null pointer
    /// and an empty std::function are refused as in any builder chain [handler.null].
    /// ReactorOps::find<ChildProcess>() finds this object by its RegistrationId.
    template <typename F>
    [[nodiscard]] auto on_exit(F&& handler) && {
        return detail::exit_interest.with_fd(std::move(*this))
            .with_handler(detail::ExitHandler<std::decay_t<F>>{std::forward<F>(handler)});
    }
    /// The same for a member function of `object`, as with_handler<Function>(object) takes it
    /// (handler.hpp). It is not called if the object of a std::weak_ptr has been destroyed.
    /// [child.member]
    template <auto Function, typename Object>
    [[nodiscard]] auto on_exit(Object&& object) && {
        return std::move(*this).on_exit(
            detail::make_member_handler<Function>(std::forward<Object>(object)));
    }

    /// Reaps all detached children that have exited. Returns how many have not; those that another
    /// thread is checking at the same time are not counted.
    /// Thread safety:  from any thread.
    static std::size_t reap_detached() noexcept;

private:
    struct State;
    class DetachedChildren;

    explicit ChildProcess(State* state) noexcept : state_{state} {}
    /// Throws std::bad_alloc.
    [[nodiscard]] static State* make_state(OnDestroy on_destroy);

    State* state_;
};

namespace detail {

/// Called by a reactor when the pidfd is readable.
template <typename F>
struct ExitHandler {
    F function;

    void operator()(ChildProcess& child, Interest interest, RegistrationId self,
                    ReactorOps& reactor) {
        const auto status = child.status();
        if (!status) {
            // See exit_interest. It may be another one after the user has called modify().
            const Interest edges = interest.edge_triggered().without(Interest{}.oneshot());
            if (interest != edges) {
                // NOLINTNEXTLINE(bugprone-unused-return-value): nothing else can be done.
                static_cast<void>(reactor.modify(self, edges));
            }
            return;
        }
        // The child is destroyed after this function has returned, even if the handler throws.
        reactor.remove(self);
        ExitParameters::Arguments arguments{*status, child, reactor};
        ParameterInvoker<ExitParameters, F>::call(function, arguments);
    }
};

template <typename F>
[[nodiscard]] constexpr bool is_null_handler(const ExitHandler<F>& handler) noexcept {
    return is_null_handler(handler.function);
}

}  // namespace detail
}  // namespace eventp::inline EVENTP_ABI_NAMESPACE
