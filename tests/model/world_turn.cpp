// SPDX-License-Identifier: MIT
//
// What the model expects of a turn: which handlers are called, and when subscribers are destroyed.
#include <algorithm>
#include <utility>

#include <sys/epoll.h>

#include "model/world.hpp"

namespace eventp::model {

namespace {

/// Ready, and known to the kernel: a turn has to call it, or one of the next when there are more
/// than one wait can report.
bool is_ready(const Life& life) {
    return life.registered && life.entry != nullptr && life.now.is_read() && life.entry->ready &&
           !(life.now.is_oneshot() && life.fired) && (!life.now.is_edge_triggered() || life.edge);
}

}  // namespace

bool World::turn() {
    const std::uint64_t calls_before = calls;
    if (!threw_) {
        begin_batch();
    }
    in_turn_ = true;
#if defined(__cpp_exceptions)
    try {
        EXPECT_TRUE(reactor_->run_once(std::chrono::seconds{0}));
        in_turn_ = false;
        end_batch();
        threw_ = false;
    } catch (int) {
        in_turn_ = false;
        threw_ = true;
        batch_known_ = false;  // the next turn finishes this batch, or begins another
    }
#else
    EXPECT_TRUE(reactor_->run_once(std::chrono::seconds{0}));
    in_turn_ = false;
    end_batch();
#endif
    check_dying();
    sync();
    return calls != calls_before;
}

void World::begin_batch() {
    batch_known_ = true;
    for (const Place& place : places_) {
        if (Life* life = place.row.get(); life != nullptr) {
            life->called = life->muted = false;
            life->eligible = is_ready(*life);
            life->must = life->due && life->entry != nullptr && life->now.is_read();
            life->due = life->must;
        }
    }
}

void World::end_batch() {
    for (const Place& place : places_) {
        Life* life = place.row.get();
        if (life == nullptr) {
            continue;
        }
        if (batch_known_) {
            EXPECT_FALSE(life->must && !life->called) << "requeue() was promised";
        }
        if (life->eligible && !life->called) {
            ++life->waits;
            EXPECT_LE(life->waits, waits_max()) << "it is ready and never called";
        }
        life->muted = false;
    }
    batch_known_ = false;
}

int World::waits_max() const {
    std::size_t entries = 0;
    for (const Place& place : places_) {
        entries += place.ghosts.size() + (place.row != nullptr ? 1 : 0);
    }
    return static_cast<int>((entries + capacity_ - 1) / capacity_ + 1);
}

void World::on_call(const LifePtr& life, Interest interest, RegistrationId name) {
    check_dying();
    EXPECT_TRUE(in_turn_);
    EXPECT_TRUE(life->registered) << "called after it was removed";
    EXPECT_EQ(life->destroyed, 0) << "called after it was destroyed";
    EXPECT_NE(life->entry, nullptr) << "the kernel has no entry of it";
    EXPECT_TRUE(life->now.is_read()) << "called while it is paused, or for errors only";
    EXPECT_TRUE(!life->now.is_oneshot() || !life->fired || life->due || life->may_be_due)
        << "fired already";
    EXPECT_EQ(interest, life->now);
    EXPECT_EQ(name, life->name);
    if (batch_known_) {
        EXPECT_FALSE(life->called) << "twice in a batch";
        EXPECT_FALSE(life->muted) << "its event was dropped, or it is new in this batch";
    }
    ++calls;
    life->called = true;
    life->fired = life->now.is_oneshot();
    life->due = std::exchange(life->due_after, false);
    life->edge = life->may_be_due = false;
    life->waits = 0;

    struct Running {
        Running(World& owner, const LifePtr& now) : world{owner}, life{*now} {
            world.running_ = now;
            ++life.running;
        }
        Running(const Running&) = delete;
        Running& operator=(const Running&) = delete;
        ~Running() {
            --life.running;
            world.running_ = nullptr;
        }
        World& world;
        Life& life;
    };
    const Running scope{*this, life};
    if (in_handler) {
        in_handler(life);
    }
}

void World::on_destroy(Life& life) {
    ++destroyed_;
    ++life.destroyed;
    EXPECT_EQ(life.destroyed, 1) << "destroyed twice";
    EXPECT_EQ(life.running, 0) << "destroyed under its handler";
    EXPECT_FALSE(life.registered) << "destroyed while it is registered";
    if (in_destructor && reactor_ != nullptr) {
        in_destructor();
    }
}

void World::check_dying() {
    for (const LifePtr& life : dying_) {
        EXPECT_EQ(life->destroyed, 1) << "not destroyed after the handler that removed it";
    }
    dying_.clear();
}

void World::sync() {
    if (reactor_ == nullptr || reactor_->stats().rebuilds == rebuilds_) {
        return;
    }
    rebuilds_ = reactor_->stats().rebuilds;
    EXPECT_FALSE(in_turn_) << "rebuilt in a handler";
    for (Place& place : places_) {
        place.ghosts.clear();
        place.held = false;
        Life* life = place.row.get();
        if (life == nullptr) {
            continue;
        }
        life->waits = 0;
        if (life->entry != nullptr) {
            life->entry = life->is_paused() ? nullptr : place.file;
            life->edge = life->entry != nullptr && life->entry->ready;
        }
    }
    audit();
}

void World::audit() {
    constexpr std::uint32_t always = EPOLLERR | EPOLLHUP;  // added by the kernel
    for (const Place& place : places_) {
        if (place.row != nullptr) {
            EXPECT_EQ(reactor_->interest_of(place.row->name), place.row->now);
        }
    }
    const auto registered =
        std::ranges::count_if(places_, [](const Place& place) { return place.row != nullptr; });
    EXPECT_EQ(reactor_->size(), static_cast<std::size_t>(registered));
    std::vector<support::KernelEntry> expected;
    for (const Place& place : places_) {
        if (place.row != nullptr && place.row->entry != nullptr) {
            const Life& life = *place.row;
            const bool disarmed = life.now.is_oneshot() && life.fired;
            const std::uint32_t bits =
                disarmed ? std::uint32_t{EPOLLONESHOT} : life.now.bits() & ~always;
            expected.push_back({place.number, bits, life.address});
        }
    }
    auto found = support::entries_of(set());
    std::erase_if(found, [this](const auto& entry) { return entry.number < places_[0].number; });
    for (support::KernelEntry& entry : found) {
        entry.events &= ~always;
    }
    EXPECT_EQ(found.size(), expected.size()) << "registry and kernel differ";
    EXPECT_TRUE(found == expected) << "registry and kernel differ";
}

int World::set() {
    // The reactor replaces the instance by a spare one; looking through all descriptors takes long.
    for (const int set : sets_) {
        if (support::is_working_set(set)) {
            return set;
        }
    }
    sets_.push_back(support::working_set());
    return sets_.back();
}

std::string World::state() const {
    std::string text;
    for (const Place& place : places_) {
        const auto ghosts =
            std::ranges::count_if(place.ghosts, [](const auto& ghost) { return !ghost.expired(); });
        text += place.file == nullptr ? '-' : place.file->ready ? '!' : '.';
        text += place.held ? 'h' : ' ';
        text += std::to_string(ghosts);
        if (const Life* life = place.row.get(); life != nullptr) {
            text += 'R' + std::to_string(life->now.bits()) + (life->fired ? "f" : "") +
                    (life->edge ? "e" : "") + (life->due ? "d" : "") +
                    (life->due_after ? "D" : "") + (life->may_be_due ? "m" : "") +
                    (life->entry == nullptr      ? "a"
                     : life->entry == place.file ? ""
                     : life->entry->ready        ? "X"
                                                 : "x");
        }
        for (const auto& ghost : place.ghosts) {
            const FilePtr file = ghost.lock();
            text += file == nullptr ? '_' : file == place.file ? '=' : file->ready ? '!' : '.';
        }
        text += '|';
    }
    return text + std::to_string(spares.size());
}

void World::end() {
    in_handler = nullptr;
    in_destructor = nullptr;
    while (threw_) {
        turn();
    }
    for (std::size_t i = 0; i < places_.size(); ++i) {
        if (places_[i].row != nullptr) {
            remove(i);
        }
    }
    EXPECT_EQ(reactor_->stats().registered, 0U);
    EXPECT_EQ(created_, destroyed_);
    spares.clear();
    for (std::size_t i = 0; i < places_.size(); ++i) {
        replace(i, std::make_shared<File>());
    }
    if (!sets_.empty()) {  // looking for it takes long
        EXPECT_EQ(support::entries_of(set()).size(), 1U) << "more than the eventfd is left";
    }
}

}  // namespace eventp::model
