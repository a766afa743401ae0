// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <eventp/eventp.hpp>

#include "support/files.hpp"
#include "support/kernel_set.hpp"
#include "support/source.hpp"

namespace eventp::model {

/// An open eventfd, alive for as long as something here names it.
struct File {
    OwnedFd keeper = support::make_eventfd();
    bool ready = false;
};
using FilePtr = std::shared_ptr<File>;

/// One registration, from its add() to the destruction of its subscriber.
struct Life {
    std::size_t place = 0;
    Interest now;  // what is registered
    RegistrationId name;
    std::uint64_t address = 0;
    FilePtr entry;  // whose entry the kernel has; null: paused, or detached by a rebuild
    bool registered = false;
    bool fired = false;       // a one-shot one that waits for modify()
    bool edge = false;        // an edge that was not reported yet
    bool due = false;         // requeue() has promised a call
    bool due_after = false;   // requeue() has promised one after the pending call
    bool may_be_due = false;  // as `due`, when the model cannot know: a handler threw
    bool must = false;        // by the end of this batch
    bool eligible = false;    // ready when this batch began, and untouched since
    bool called = false;      // in this batch
    bool muted = false;       // not to be called in this batch any more
    int waits = 0;            // batches without a call while it was ready
    int running = 0;
    int destroyed = 0;

    [[nodiscard]] bool is_paused() const { return now.is_empty(); }
};
using LifePtr = std::shared_ptr<Life>;

/// A descriptor number: what is open under it, who is registered under it, and what the kernel has
/// left of those who were.
struct Place {
    int number = -1;
    FilePtr file;  // null: closed
    LifePtr row;
    bool held = false;  // the quarantine has a slot of this number
    std::vector<std::weak_ptr<File>> ghosts;
};

/// A reactor and a model of what it, its subscribers and the kernel have to be. Every operation
/// goes to both, and each call, result and destruction is held against the model; a difference
/// fails the test.
class World {
public:
    using Handler = std::function<void(const LifePtr& running)>;

    World(std::size_t places, Reactor::Options options);
    World(const World&) = delete;
    World& operator=(const World&) = delete;
    ~World();

    // --- operations, inside and outside handlers ---
    void add(std::size_t place, Interest interest);
    void modify(std::size_t place, Interest interest);  // an empty one pauses
    void remove(std::size_t place);
    void remove_now(std::size_t place);
    void extract(std::size_t place, bool add_again);
    void requeue(std::size_t place);
    void feed(std::size_t place);
    /// One turn that does not wait. False if no handler was called.
    bool turn();

    // --- what happens to files, without a call of the reactor ---
    void close(std::size_t place);
    void replace(std::size_t place, FilePtr file);
    void fire(const FilePtr& file);
    void drain(const FilePtr& file);
    /// Files that are kept open by others than the places.
    std::vector<FilePtr> spares;

    /// What each handler does; may throw an int.
    Handler in_handler;
    /// What the destructor of a subscriber does.
    std::function<void()> in_destructor;

    [[nodiscard]] std::vector<Place>& places() { return places_; }
    [[nodiscard]] Reactor& reactor() { return *reactor_; }
    [[nodiscard]] const Life* running() const { return running_.get(); }
    [[nodiscard]] bool in_turn() const { return in_turn_; }
    /// Everything that decides what can happen next.
    [[nodiscard]] std::string state() const;
    /// Removes all subscribers and checks that none is left anywhere: the world is as new, except
    /// for what the reactor has in quarantine.
    void end();

    std::uint64_t calls = 0;

private:
    class Probe;

    void on_call(const LifePtr& life, Interest interest, RegistrationId name);
    void on_destroy(Life& life);
    void begin_batch();
    void end_batch();
    /// Follows a rebuild, which may happen between turns only.
    void sync();
    /// The registry and the kernel say the same.
    void audit();
    [[nodiscard]] int set();
    void check_dying();
    void leave(Life& life);
    /// The number of `life` names the file whose entry the kernel has.
    [[nodiscard]] bool is_intact(const Life& life) const;
    [[nodiscard]] static bool has_ghost_of_its_file(const Place& place);
    void remove_with(std::size_t place, bool (ReactorOps::*way)(RegistrationKey), bool now);
    void touched(Life& life, bool drops_pending);
    [[nodiscard]] bool tail_is_possible() const { return threw_; }
    [[nodiscard]] int waits_max() const;

    std::vector<Place> places_;
    std::size_t capacity_;
    std::vector<int> sets_;       // descriptors that the working epoll instance had
    std::vector<LifePtr> dying_;  // removed in a handler, destroyed when it has returned
    LifePtr running_;
    bool in_turn_ = false;
    bool threw_ = false;        // the last turn: a tail may be kept
    bool batch_known_ = false;  // begin_batch() has seen the batch that is being dispatched
    std::uint64_t rebuilds_ = 0;
    std::uint64_t created_ = 0;
    std::uint64_t destroyed_ = 0;
    std::unique_ptr<Reactor> reactor_;  // destroyed first
};

}  // namespace eventp::model
