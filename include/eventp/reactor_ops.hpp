// SPDX-License-Identifier: MIT
#pragma once

#include <eventp/any_subscriber.hpp>
#include <eventp/interest.hpp>
#include <eventp/registration_id.hpp>
#include <eventp/result.hpp>

namespace eventp {

/// What a handler may do to the reactor that is calling it.
///
/// Smaller than Reactor on purpose: through this reference a reactor cannot be run, copied, moved
/// or destroyed. Abstract, so that handlers are plain functions and a test passes a mock.
///
/// "Busy" below: a handler, a subscriber's destructor or a rebuild of this reactor is on the
/// stack. "Turn": one wait and the dispatch of what it reported.
/// Thread safety:  thread-bound: only the thread that runs the reactor, or any one thread at a
///                 time while it does not run. Use from another thread during a run terminates
///                 with a message, in every build.
class EVENTP_API ReactorOps {
public:
    ReactorOps(const ReactorOps&) = delete;
    ReactorOps& operator=(const ReactorOps&) = delete;

    /// Registers a subscriber under the number of its descriptor, with the interest it asks for.
    ///
    /// Effects:        `subscriber` is empty on success and the reactor owns what it held; it is
    ///                 first reported by the next wait, never in the batch that is being
    ///                 dispatched [add.next_turn]. The number is read once, here.
    ///                 An empty interest registers it paused (see modify).
    ///                 [ghost.returned] an entry of a removed subscriber that came back under the
    ///                 number, with a duplicate of its file, makes room.
    /// Returns:        the name of the registration.
    /// Errors:         [add.strong] on any error `subscriber` still owns its value, nothing is
    ///                 closed and the reactor is what it was.
    ///                 file_exists: the number is registered.
    ///                 bad_file_descriptor: negative, closed, or opened with O_PATH.
    ///                 operation_not_permitted: the file has no readiness: a regular file, a
    ///                 directory, /dev/null (epoll_ctl(2) EPERM).
    ///                 invalid_argument: an empty `subscriber`, an interest with unknown bits or
    ///                 forbidden combinations [interest.exclusive], or this reactor's own fd().
    ///                 no_space_on_device: /proc/sys/fs/epoll/max_user_watches is reached.
    ///                 too_many_symbolic_link_levels: a cycle of epoll sets, or five nested.
    ///                 not_enough_memory: the kernel's.
    ///                 operation_canceled: the reactor is being destroyed, or was released.
    /// Throws:         std::bad_alloc, and what the subscriber's fd() throws, with the same
    ///                 guarantee.
    /// Complexity:     O(1), one system call, no allocation but for rows of new numbers.
    /// Re-entrancy:    from any handler or subscriber's destructor.
    [[nodiscard]] virtual Result<RegistrationId> add(AnySubscriber& subscriber) = 0;

    /// Changes what a subscriber is told about, and arms a one-shot subscriber again.
    ///
    /// Effects:        the kernel's interest and the stored one change together, or neither.
    ///                 Conditions that hold already are reported by the next wait, to
    ///                 edge-triggered subscribers too.
    ///                 [modify.pending] an event that this batch still holds for the subscriber
    ///                 loses what is no longer asked for, EPOLLERR and EPOLLHUP excepted, and is
    ///                 dropped when nothing is left. One for a one-shot subscriber is dropped
    ///                 whole: the next wait reports it, once.
    ///                 [modify.paused] an empty interest takes the descriptor out of the kernel's
    ///                 set and keeps the subscriber: nothing is reported, not even a hang-up, until
    ///                 modify() asks for something again. While paused the subscriber may replace
    ///                 its descriptor; the number is read anew on resuming, and its RegistrationId
    ///                 goes on naming it (its handler is told the one with the new number).
    ///                 [ghost.number] while the quarantine holds the number the interest is stored
    ///                 and takes effect between turns, in a rebuilt set.
    /// Errors:         nothing changed.
    ///                 no_such_file_or_directory: nothing is registered under `key`.
    ///                 invalid_argument: a bad interest, or one to or from EPOLLEXCLUSIVE, which
    ///                 the kernel does not change: remove and add, or pause first
    ///                 [interest.exclusive].
    ///                 bad_file_descriptor, no_such_file_or_directory: the descriptor was closed
    ///                 or replaced behind the reactor's back; remove() it.
    ///                 operation_canceled: the reactor is being destroyed, or was released.
    ///                 On resuming, those of add.
    /// Throws:         on resuming, what add() throws; nothing changed.
    /// Complexity:     O(1) and one system call; inside a handler, for another subscriber, also
    ///                 one look at the rest of the batch.
    /// Re-entrancy:    from any handler, for its own subscriber too.
    [[nodiscard]] virtual Result<> modify(RegistrationKey key, Interest interest) = 0;

    /// Unregisters a subscriber and destroys it. Never refuses one that is registered, whatever
    /// the kernel answers. [remove.always]
    ///
    /// Effects:        it is never called again [remove.pending]: not by the rest of this batch,
    ///                 not through its number when that is reused [ghost.reuse], not through a
    ///                 duplicate [ghost.dup] or a forked child [ghost.fork] that keeps its file
    ///                 open. The number can be registered again at once [remove.readd].
    ///                 [ghost.rebuild] what the kernel may still hold of it, it gives up between
    ///                 turns, in a rebuilt set: when events of removed subscribers exceed one
    ///                 and a sixteenth of the live since the last rebuild, or the removed the
    ///                 live (and 1024).
    ///                 [remove.outside] outside dispatch it is destroyed before remove() returns.
    ///                 [remove.self] from its own handler: when that handler has returned, before
    ///                 the next event.
    ///                 [remove.other] from another's handler: likewise when that has returned,
    ///                 because it may have been called through the removed one.
    /// Returns:        false when nothing is registered under `key`.
    /// Re-entrancy:    from any handler or subscriber's destructor.
    /// Not promised:   the order in which several that one handler removed are destroyed.
    virtual bool remove(RegistrationKey key) = 0;

    /// remove(), but from another's handler too the subscriber is destroyed before the call
    /// returns: for a handler that needs the descriptor closed at once. [remove.now]
    ///
    /// Preconditions:  the running handler was not called through that subscriber.
    virtual bool remove_now(RegistrationKey key) = 0;

    /// Unregisters a subscriber and hands it out alive, to be kept or moved to another reactor.
    /// [extract]
    ///
    /// Returns:        empty, and nothing changed, for an unknown key, for the subscriber whose
    ///                 handler is running, and inside a handler for one whose descriptor was
    ///                 closed or replaced behind the reactor's back (the kernel may hold its
    ///                 address until a rebuild, which is asked for; outside a handler it is made
    ///                 at once).
    [[nodiscard]] virtual AnySubscriber extract(RegistrationKey key) = 0;

    /// Something is registered under `key`, paused or not. [registration.stale]
    [[nodiscard]] virtual bool contains(RegistrationKey key) const = 0;

    /// Has the handler run once more in the next turn, with the readiness it has in this one and
    /// without a system call: an edge-triggered handler that has used up its budget stays fair.
    /// [requeue]
    ///
    /// Effects:        the next turn does not wait. UserCallScope twice in a turn does not call
    /// twice, and
    ///                 what the kernel reports anew takes the place of what was kept. What is no
    ///                 longer asked for by then is left out; removed or paused, it is not called.
    ///                 A one-shot subscriber that modify() has armed is left to the kernel, which
    ///                 reports it if it is still ready.
    /// Returns:        false when nothing is registered under `key`, or it has no event in this
    ///                 turn, which a kept tail prolongs, or it is paused.
    /// Throws:         std::bad_alloc; nothing changed.
    virtual bool requeue(RegistrationKey key) = 0;

    /// Ends run() after the current batch. [run.stop]
    ///
    /// Remembered when no run is on the stack: the next run() returns before it waits. Consumed
    /// by the run that returns because of it.
    virtual void stop() noexcept = 0;

protected:
    ReactorOps() = default;
    ~ReactorOps() = default;  // not through this reference
};

}  // namespace eventp
