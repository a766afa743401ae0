// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <type_traits>

#include <eventp/any_subscriber.hpp>
#include <eventp/detail/weak_link.hpp>
#include <eventp/event.hpp>
#include <eventp/interest.hpp>
#include <eventp/registration_id.hpp>
#include <eventp/result.hpp>

namespace eventp::inline EVENTP_ABI_NAMESPACE {

class Reactor;
class Timers;

namespace detail {

struct WipedCell;

/// Leads to the word that says which thread uses a reactor. A Reactor sets it; Timers reads it.
class GateReference {
    friend class eventp::Reactor;
    friend class eventp::Timers;

    const WipedCell* gate_ = nullptr;  // null if this is not a Reactor
};

}  // namespace detail

/// The operations of a reactor that handlers may use.
///
/// A reactor cannot be run, copied, moved or destroyed through a ReactorOps&. The class is
/// abstract, so that handlers need not be templates and a test can pass a mock.
///
/// A *turn* is one wait and the dispatch of the events that it reported. These events are the
/// *batch*.
///
/// fd() of a subscriber is called by add() and on resuming. It may not use the reactor: every
/// operation fails with device_or_resource_busy there, or returns false or an empty
/// AnySubscriber. [subscriber.fd]
/// In a forked child every operation fails with no_child_process, or returns false or an empty
/// AnySubscriber, until Reactor::reinit_after_fork() [fork.guard]. After user code (fd(), a
/// destructor, a handler) has forked, the operation that called it fails in the child.
/// [fork.user_code]
///
/// Thread safety:  thread-bound: may be used by the thread that runs the reactor, or by any one
///                 thread at a time while it does not run. Use from another thread during a run
///                 terminates with a message, in every build. [reactor.thread]
class EVENTP_API ReactorOps : public detail::GateReference, public detail::WeakLinks {
public:
    ReactorOps(const ReactorOps&) = delete;
    ReactorOps& operator=(const ReactorOps&) = delete;

    /// Registers a subscriber under its descriptor, with the interest that it requests.
    ///
    /// Effects:        on success `subscriber` is empty and the reactor owns what it held. No
    ///                 event of it is reported before the next wait: it is never called in the
    ///                 current batch [add.next_turn]. The descriptor is read once, by calling fd()
    ///                 here. An empty interest registers the subscriber paused (see modify).
    ///                 [ghost.returned] If a stale epoll entry exists for this descriptor (its
    ///                 file was duplicated back onto it), it is replaced.
    /// Returns:        the id of the registration.
    /// Errors:         [add.strong] on any error `subscriber` still owns its value, nothing is
    ///                 closed, and the reactor has not changed.
    ///                 file_exists: the descriptor is registered.
    ///                 bad_file_descriptor: negative, closed, or opened with O_PATH.
    ///                 operation_not_permitted: the file has no readiness: a regular file, a
    ///                 directory, /dev/null (epoll_ctl(2) EPERM).
    ///                 invalid_argument: `subscriber` is empty; the interest has unknown bits or a
    ///                 forbidden combination [interest.exclusive]; the descriptor is one of the
    ///                 reactor's own.
    ///                 no_space_on_device: /proc/sys/fs/epoll/max_user_watches is reached.
    ///                 too_many_symbolic_link_levels: a cycle of epoll instances, or five nested.
    ///                 not_enough_memory: the kernel is out of memory.
    ///                 operation_canceled: the reactor is closed or being destroyed.
    /// Throws:         std::bad_alloc, and what fd() throws, with the same guarantee.
    /// Complexity:     O(1) amortized; one system call, two for an empty interest. The first
    ///                 descriptor of each 512 costs one more, and the allocation of a page.
    /// Re-entrancy:    from any handler or destructor of a subscriber.
    [[nodiscard]] virtual Result<RegistrationId> add(AnySubscriber& subscriber) = 0;

    /// Changes the interest of a subscriber. Arms a one-shot subscriber again.
    ///
    /// Effects:        the kernel's interest and the stored one change together, or neither.
    ///                 Conditions that hold already are reported by the next wait, to
    ///                 edge-triggered subscribers too.
    ///                 [modify.pending] An event of the current batch that was not dispatched yet
    ///                 loses the conditions that are no longer requested, except EPOLLERR and
    ///                 EPOLLHUP, and is dropped if none is left. The event of a one-shot
    ///                 subscriber is dropped: the next wait reports it, once.
    ///                 [modify.paused] An empty interest pauses the subscriber: its epoll entry is
    ///                 removed, and no event is reported, not even a hang-up, until modify()
    ///                 requests one. It stays registered under its descriptor. Resuming calls
    ///                 fd(), which must still return that descriptor; to change the descriptor,
    ///                 extract (or remove) the subscriber and add it.
    ///                 [ghost.number] If the descriptor was closed and reused before, an epoll
    ///                 entry of a removed subscriber may have the same descriptor: that does not
    ///                 change the cost.
    /// Errors:         nothing has changed.
    ///                 no_such_file_or_directory: nothing is registered under `key`.
    ///                 invalid_argument: an invalid interest, or one from or to EPOLLEXCLUSIVE,
    ///                 which the kernel cannot change: pause first [interest.exclusive].
    ///                 bad_file_descriptor, no_such_file_or_directory: the user has closed or
    ///                 replaced the descriptor, or fd() returns another one: remove the subscriber.
    ///                 operation_canceled: the reactor is closed or being destroyed.
    ///                 On resuming, those of add().
    /// Throws:         on resuming, what fd() throws; nothing has changed.
    /// Complexity:     O(1) and one system call; in a handler, also one pass over the rest of the
    ///                 batch.
    /// Re-entrancy:    from any handler, also for its own subscriber.
    [[nodiscard]] virtual Result<> modify(RegistrationKey key, Interest interest) = 0;

    /// Unregisters a subscriber and destroys it. Succeeds for every registered subscriber, whatever
    /// the kernel returns. [remove.always]
    ///
    /// Effects:        the subscriber is never called again [remove.pending]: not by the rest of
    ///                 this batch, not if its descriptor is reused [ghost.reuse], not if a
    ///                 duplicate [ghost.dup] or a forked child [ghost.fork] keeps its file open.
    ///                 The descriptor can be registered again at once [remove.readd].
    ///                 [ghost.rebuild] Stale epoll entries are discarded between turns by replacing
    ///                 the epoll instance. That happens when, since the last replacement, more than
    ///                 1 + live / 16 events were reported for removed subscribers, or when more
    ///                 than max(1024, live) removed subscribers may be known to the kernel.
    ///                 [ghost.throttle] While the kernel refuses a new instance, a stale entry that
    ///                 stays ready costs at most ten wake-ups a second; other events may be delayed
    ///                 by up to 100 ms then.
    ///                 [remove.outside] Outside dispatch it is destroyed before remove() returns.
    ///                 [remove.self] In its own handler: after that handler has returned, before
    ///                 the next event.
    ///                 [remove.other] In the handler of another one: likewise after that handler
    ///                 has returned, because it may have been called through the removed one.
    ///                 [remove.callback] In a posted closure or the handler of a timer: after that
    ///                 closure or handler has returned.
    /// Returns:        false if nothing is registered under `key`.
    /// Complexity:     O(1) and one system call; if requeue() was called for it, also a search of
    ///                 the requeued events.
    /// Re-entrancy:    from any handler or destructor of a subscriber.
    /// Not promised:   the order in which several that one handler removed are destroyed.
    virtual bool remove(RegistrationKey key) = 0;

    /// As remove(), but the subscriber is destroyed before the call returns even in the handler of
    /// another one. In its own handler it is the same as remove(). For a handler that needs the
    /// descriptor to be closed at once. [remove.now]
    ///
    /// Preconditions:  the running handler was not called through that subscriber.
    virtual bool remove_now(RegistrationKey key) = 0;

    /// Destroys the subscribers that were removed since the running handler was called, except its
    /// own. For a handler that calls several callbacks: what one callback has removed is destroyed
    /// before the next one runs. Outside a handler it does nothing. [remove.callback]
    ///
    /// Preconditions:  the running handler was not called through one of them.
    virtual void destroy_removed() = 0;

    /// Unregisters a subscriber and returns it alive, to be kept or added to another reactor.
    /// [extract]
    ///
    /// Returns:        the subscriber. Empty, and nothing has changed, for an unknown key and for
    ///                 the subscriber whose handler is running. If the user closed or replaced the
    ///                 descriptor, or an entry of a removed subscriber has the same one, the kernel
    ///                 may still hold the address of the subscriber afterwards. Then the epoll
    ///                 instance is replaced first: at once outside a handler, else after the turn.
    ///                 If it could not be replaced yet, the result is empty and the subscriber
    ///                 stays registered: call extract() again in a later turn.
    [[nodiscard]] virtual AnySubscriber extract(RegistrationKey key) = 0;

    /// Something is registered under `key`, paused or not. [registration.stale]
    [[nodiscard]] virtual bool contains(RegistrationKey key) const = 0;

    /// The interest that is registered now; empty if the subscriber is paused or unknown.
    /// [interest_of]
    [[nodiscard]] virtual Interest interest_of(RegistrationKey key) const = 0;

    /// The number of registered subscribers. [size]
    [[nodiscard]] virtual std::size_t size() const noexcept = 0;

    /// The subscriber under `key` if it is an S; null otherwise, and for the one whose handler is
    /// running. S may also be the type of the descriptor object that the builder was given, or the
    /// type that it points to unless that is const. Valid until the subscriber is removed. [find]
    template <typename S>
    [[nodiscard]] EVENTP_LOCAL S* find(RegistrationKey key) {
        return static_cast<S*>(find_value(key, detail::type_key<std::remove_cv_t<S>>()));
    }

    /// Schedules the handler to run again in the next turn with the same readiness, without a
    /// system call. Use it in an edge-triggered handler that stops early to let other handlers
    /// run. [requeue]
    ///
    /// Effects:        the next turn does not wait. Requeueing twice in a turn calls the handler
    ///                 once. An event that the kernel reports in the next turn replaces the
    ///                 requeued one. Conditions that are no longer requested by then are removed. A
    ///                 subscriber that is removed or paused is not called. A one-shot subscriber
    ///                 that modify() has armed is not requeued: the kernel reports it if it is
    ///                 still ready.
    /// Returns:        false if nothing is registered under `key`, if the subscriber is paused, if
    ///                 it had no event in the current turn, and outside a handler.
    /// Throws:         std::bad_alloc; nothing has changed.
    /// Complexity:     O(1) for the running subscriber, else one pass over the batch.
    virtual bool requeue(RegistrationKey key) = 0;

    /// Calls the handler in the next turn with `event`, without a system call. For readiness that
    /// the kernel does not know of: data that a TLS library has decrypted, a buffer that has been
    /// emptied. May be called outside a turn, and without an event in this one. [feed_event]
    ///
    /// Effects:        as those of requeue(), but `event` is added to what the kernel reports in
    ///                 the next turn, and to what was requeued.
    /// Returns:        false if nothing is registered under `key`, if the subscriber is paused or
    ///                 one-shot, and if its interest has no condition of `event`.
    /// Throws:         std::bad_alloc; nothing has changed.
    /// Complexity:     O(1); if the subscriber was requeued, also a search of the requeued events;
    ///                 if the kernel reports it in the next turn, one of the reported events.
    virtual bool feed_event(RegistrationKey key, Event event) = 0;

    /// Ends run() after the current batch. [run.stop]
    ///
    /// If no run() or run_for() is on the stack, the next one returns before it waits. The request
    /// is consumed by the run that returns because of it; run_once() neither heeds nor consumes it.
    virtual void stop() noexcept = 0;

protected:
    ReactorOps() = default;
    ~ReactorOps() = default;  // not through this reference

private:
    /// For find(): what Operations::find returns for the subscriber (detail/slot.hpp).
    [[nodiscard]] virtual void* find_value(RegistrationKey key, const void* type_key) = 0;
};

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE
