// SPDX-License-Identifier: MIT
#include "model/world.hpp"

#include <algorithm>

#include <sys/epoll.h>

#include <eventp/detail/slot_access.hpp>

namespace eventp::model {

using support::error_of;

namespace {

constexpr int first_number = 200;  // no other descriptor of the process has them

bool same(const std::weak_ptr<File>& ghost, const FilePtr& file) {
    return file != nullptr && ghost.lock() == file;
}

/// A file whose last number is closed has no entries.
void forget_dead(std::vector<std::weak_ptr<File>>& ghosts) {
    std::erase_if(ghosts, [](const auto& ghost) { return ghost.expired(); });
}

}  // namespace

/// The subscriber of a Life.
class World::Probe {
public:
    Probe(World& world, LifePtr life) : world_{world}, life_{std::move(life)} {}
    Probe(const Probe&) = delete;
    Probe& operator=(const Probe&) = delete;
    ~Probe() { world_.on_destroy(*life_); }

    [[nodiscard]] int fd() const { return world_.places_[life_->place].number; }
    [[nodiscard]] Interest interest() const { return life_->now; }
    void handle(Interest interest, RegistrationId name) {
        const LifePtr life = life_;
        world_.on_call(life, interest, name);
    }

private:
    World& world_;
    LifePtr life_;
};

World::World(std::size_t places, Reactor::Options options)
    : places_(places),
      capacity_{options.event_capacity},
      reactor_{std::make_unique<Reactor>(options)} {
    for (std::size_t i = 0; i < places; ++i) {
        places_[i].number = first_number + static_cast<int>(i);
        replace(i, std::make_shared<File>());
    }
}

World::~World() {
    for (Place& place : places_) {
        if (place.row != nullptr) {
            place.row->registered = false;
        }
    }
    reactor_.reset();
    EXPECT_EQ(created_, destroyed_) << "subscribers that were never destroyed, or twice";
    for (std::size_t i = 0; i < places_.size(); ++i) {
        close(i);
    }
}

// --- operations ---------------------------------------------------------------------------------

void World::add(std::size_t where, Interest interest) {
    Place& place = places_[where];
    const auto life = std::make_shared<Life>();
    life->place = where;
    life->now = interest;
    AnySubscriber subscriber = AnySubscriber::make<Probe>(*this, life);
    ++created_;
    life->address = reinterpret_cast<std::uintptr_t>(detail::SlotAccess::slot_of(subscriber));
    const std::error_code expected = place.row != nullptr ? make_error_code(std::errc::file_exists)
                                     : place.file == nullptr
                                         ? make_error_code(std::errc::bad_file_descriptor)
                                         : std::error_code{};

    const auto added = reactor_->add(subscriber);

    ASSERT_EQ(error_of(added).value(), expected.value());
    ASSERT_EQ(static_cast<bool>(subscriber), static_cast<bool>(expected));
    if (!added) {
        return;
    }
    life->name = *added;
    life->registered = true;
    life->muted = in_turn_ || tail_is_possible();
    place.row = life;
    std::erase_if(place.ghosts, [&](const auto& ghost) { return same(ghost, place.file); });
    life->entry = interest.is_empty() ? nullptr : place.file;
    life->edge = place.file->ready;
    sync();
}

void World::modify(std::size_t where, Interest interest) {
    Place& place = places_[where];
    if (place.row == nullptr) {
        ASSERT_EQ(error_of(reactor_->modify(BorrowedFd{place.number}, interest)),
                  std::errc::no_such_file_or_directory);
        return;
    }
    const LifePtr life = place.row;
    if (life->entry != nullptr && has_ghost_of_its_file(place)) {
        return;  // the user has put the file of a removed one there: its entry would be changed
    }
    const bool exclusive = interest.is_exclusive() || life->now.is_exclusive();
    int expected = 0;
    if (life->entry == nullptr) {
        expected = interest.is_empty() || place.file != nullptr ? 0 : EBADF;
    } else if (!interest.is_empty() && exclusive) {
        expected = EINVAL;
    } else if (!is_intact(*life)) {
        expected = place.file == nullptr ? EBADF : ENOENT;
    }

    const auto changed = reactor_->modify(life->name, interest);

    ASSERT_EQ(error_of(changed).value(), expected);
    if (!changed) {
        return;
    }
    if (interest.is_empty()) {
        life->entry = nullptr;
    } else if (life->entry == nullptr) {
        std::erase_if(place.ghosts, [&](const auto& ghost) { return same(ghost, place.file); });
        life->entry = place.file;
    }
    life->now = interest;
    if (!interest.is_empty()) {
        life->fired = false;
        life->edge = life->entry->ready;
    }
    touched(*life, !interest.is_read() || interest.is_oneshot());
}

void World::remove(std::size_t where) {
    remove_with(where, &ReactorOps::remove, false);
}

void World::remove_now(std::size_t where) {
    remove_with(where, &ReactorOps::remove_now, true);
}

void World::remove_with(std::size_t where, bool (ReactorOps::*way)(RegistrationKey), bool now) {
    Place& place = places_[where];
    if (place.row == nullptr) {
        ASSERT_FALSE((reactor_.get()->*way)(BorrowedFd{place.number}));
        return;
    }
    const LifePtr life = place.row;
    leave(*life);
    if (in_turn_ && (!now || life == running_)) {
        dying_.push_back(life);
    }

    ASSERT_TRUE((reactor_.get()->*way)(life->name));

    if (!in_turn_ || (now && life != running_)) {
        ASSERT_EQ(life->destroyed, 1) << "not destroyed before remove() returned";
    }
    if (life == running_) {
        ASSERT_EQ(life->destroyed, 0) << "destroyed under its handler";
    }
    ASSERT_FALSE(reactor_->contains(life->name));
    sync();
}

/// The row is free; what the kernel keeps of it becomes a ghost.
void World::leave(Life& life) {
    Place& place = places_[life.place];
    if (life.entry != nullptr) {
        forget_dead(place.ghosts);
        bool answers_0 = false;
        if (place.file != nullptr) {
            answers_0 = place.file == life.entry || std::erase_if(place.ghosts, [&](const auto& g) {
                                                        return same(g, place.file);
                                                    }) != 0;
        }
        if (!answers_0 || place.file != life.entry) {
            place.ghosts.emplace_back(life.entry);
        }
        place.held = place.held || !answers_0;
        life.entry = nullptr;
    }
    life.registered = false;
    life.due = life.due_after = life.may_be_due = false;
    place.row = nullptr;
}

void World::extract(std::size_t where, bool add_again) {
    Place& place = places_[where];
    if (place.row == nullptr) {
        ASSERT_FALSE(reactor_->extract(BorrowedFd{place.number}));
        return;
    }
    const LifePtr life = place.row;
    const bool at_once = !place.held && (life->entry == nullptr || is_intact(*life));
    std::optional<bool> expected = at_once || !in_turn_;
    if (life == running_) {
        expected = false;
    } else if (!at_once && tail_is_possible()) {
        expected = std::nullopt;
    }

    AnySubscriber taken = reactor_->extract(life->name);

    if (expected) {
        ASSERT_EQ(static_cast<bool>(taken), *expected);
    }
    ASSERT_EQ(reactor_->contains(life->name), !taken);
    ASSERT_EQ(life->destroyed, 0);
    if (taken) {
        life->entry = nullptr;  // deleted, if need be from a rebuilt set
        leave(*life);
    }
    sync();
    if (!taken || !add_again || place.file == nullptr) {
        return;  // what was taken is destroyed here
    }
    const auto added = reactor_->add(taken);
    ASSERT_TRUE(added);
    life->name = *added;
    life->registered = true;
    life->fired = false;
    life->called = false;
    life->edge = place.file->ready;
    life->entry = life->is_paused() ? nullptr : place.file;
    std::erase_if(place.ghosts, [&](const auto& ghost) { return same(ghost, place.file); });
    place.row = life;
    touched(*life, true);
}

void World::requeue(std::size_t where) {
    Place& place = places_[where];
    const LifePtr life = place.row;
    if (life == nullptr) {
        ASSERT_FALSE(reactor_->requeue(BorrowedFd{place.number}));
        return;
    }
    const bool kept = reactor_->requeue(life->name);
    if (life->entry == nullptr || !in_turn_) {
        ASSERT_FALSE(kept);
    } else if (life == running_) {
        ASSERT_TRUE(kept);
    }
    if (!kept || !life->now.is_read()) {
        return;
    }
    const bool is_requeued_call_pending = life->must && !life->called;
    if (!life->now.is_oneshot() || (life->fired && !is_requeued_call_pending)) {
        life->due = true;
    } else if (!life->called) {
        life->due_after = true;  // its event is still to be dispatched
    } else if (!batch_known_) {
        life->may_be_due = true;  // called in this batch, or in the one that a throw had ended
    }
}

void World::feed(std::size_t where) {
    const LifePtr life = places_[where].row;
    const bool can_be_fed =
        life != nullptr && life->entry != nullptr && life->now.is_read() && !life->now.is_oneshot();
    ASSERT_EQ(reactor_->feed_event(BorrowedFd{places_[where].number}, Event{EPOLLIN}), can_be_fed);
    // If an event of it is pending, or may be, its call is not the one that is promised here.
    const bool is_promised = batch_known_ && in_turn_ && life != nullptr && life->called;
    if (can_be_fed && is_promised) {
        life->due = true;
    }
}

/// Its interest has changed: what this batch owes it is void.
void World::touched(Life& life, bool drops_pending) {
    life.eligible = false;
    life.must = false;
    life.waits = 0;
    if (drops_pending) {
        life.due = life.due_after = life.may_be_due = false;
        life.muted = in_turn_ || tail_is_possible();
    }
}

bool World::has_ghost_of_its_file(const Place& place) {
    return std::ranges::any_of(place.ghosts,
                               [&](const auto& ghost) { return same(ghost, place.file); });
}

bool World::is_intact(const Life& life) const {
    return places_[life.place].file == life.entry;
}

// --- files --------------------------------------------------------------------------------------

void World::close(std::size_t where) {
    Place& place = places_[where];
    if (place.file != nullptr) {
        ASSERT_EQ(::close(place.number), 0);
        place.file = nullptr;
    }
}

void World::replace(std::size_t where, FilePtr file) {
    Place& place = places_[where];
    ASSERT_EQ(::dup3(file->keeper.fd(), place.number, O_CLOEXEC), place.number);
    place.file = std::move(file);
}

void World::fire(const FilePtr& file) {
    ASSERT_EQ(::eventfd_write(file->keeper.fd(), 1), 0);
    file->ready = true;
    for (const Place& place : places_) {
        if (place.row != nullptr && place.row->entry == file) {
            place.row->edge = true;
        }
    }
}

void World::drain(const FilePtr& file) {
    eventfd_t value = 0;
    static_cast<void>(::eventfd_read(file->keeper.fd(), &value));
    file->ready = false;
    for (const Place& place : places_) {
        if (place.row != nullptr && place.row->entry == file) {
            place.row->edge = place.row->eligible = false;
            place.row->waits = 0;
        }
    }
}

}  // namespace eventp::model
