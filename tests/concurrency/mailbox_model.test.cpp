// SPDX-License-Identifier: MIT
//
// The sleep and wake protocol of src/core/mailbox.hpp, in every order of the steps of two producers
// and the reactor.
#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

#include "concurrency/interleaving.hpp"
#include "core/mailbox.hpp"

#if !defined(__SANITIZE_THREAD__)  // one real thread, which the sanitizer takes for many

namespace eventp {
namespace {

using detail::Mailbox;
using detail::Task;
using testing::Interleaving;
using testing::Stepped;

enum class Recheck : std::uint8_t { yes, no };

/// One world: a mailbox, an eventfd, tasks that remember when they were done.
class World {
public:
    explicit World(std::size_t posts_of_first) : posts_of_first_{posts_of_first} {}

    /// Memory is at the same addresses in each run: the addresses are part of a state.
    std::vector<Interleaving::Body> begin(Recheck recheck) {
        mailbox_.reset();
        mailbox_.emplace();
        eventfd_ = 0;
        rings_ = 0;
        sleeps_ = 0;
        done_.clear();
        Interleaving::current().watch([this] { return eventfd_; });
        return {[this] { produce(0, posts_of_first_); }, [this] { produce(posts_of_first_, 1); },
                [this, recheck] { consume(recheck); }};
    }

    void end() const {
        if (Interleaving::current().is_complete()) {
            EXPECT_EQ(done_.size(), posts_of_first_ + 1);
            EXPECT_LE(rings_, sleeps_);
            std::vector<std::size_t> of_first;
            for (const std::size_t task : done_) {
                if (task < posts_of_first_) {
                    of_first.push_back(task);
                }
            }
            EXPECT_TRUE(std::ranges::is_sorted(of_first));
        }
    }

private:
    void produce(std::size_t first, std::size_t count) {
        for (std::size_t i = first; i < first + count; ++i) {
            Interleaving::current().where(i);
            if (mailbox_->post(tasks_[i]) == Mailbox<Stepped>::PostResult::must_wake) {
                Interleaving::current().step();
                ++eventfd_;
                ++rings_;
                Interleaving::current().tell(0);
            }
        }
    }

    /// The reactor's thread: reactor/slow_wait.cpp and run_tasks() without the descriptors.
    void consume(Recheck recheck) {
        while (done_.size() < posts_of_first_ + 1 && !Interleaving::current().is_abandoned()) {
            Interleaving::current().where(order_of_done());
            const bool may_sleep = !mailbox_->has_tasks();
            sleeps_ += may_sleep ? 1 : 0;
            if (may_sleep && (mailbox_->prepare_to_sleep() || recheck == Recheck::no)) {
                Interleaving::current().step([this] { return eventfd_ > 0; });
                eventfd_ = 0;
                Interleaving::current().tell(0);
            }
            mailbox_->mark_awake();
            mailbox_->collect();
            while (Task* task = mailbox_->next()) {
                done_.push_back(static_cast<std::size_t>(task - tasks_.data()));
            }
        }
    }

    [[nodiscard]] std::uint64_t order_of_done() const {
        std::uint64_t order = done_.size();
        for (const std::size_t task : done_) {
            order = order * 8 + task;
        }
        return order;
    }

    std::size_t posts_of_first_;
    std::optional<Mailbox<Stepped>> mailbox_;
    std::array<Task, 4> tasks_{};
    std::uint64_t eventfd_ = 0;
    std::size_t rings_ = 0;
    std::size_t sleeps_ = 0;  // the times it was about to
    std::vector<std::size_t> done_;
};

Interleaving::Outcome explore(std::size_t posts_of_first, Recheck recheck) {
    Interleaving interleaving;
    World world{posts_of_first};
    return interleaving.explore([&] { return world.begin(recheck); }, [&] { world.end(); });
}

TEST(MailboxModel, NeverSleepsOverATaskOfTwoProducersInAnyOrderOfSteps) {  // [remote.coalesce]
    const auto outcome = explore(1, Recheck::yes);

    EXPECT_EQ(outcome.stuck, 0U);
    EXPECT_GT(outcome.states, 100U);
    RecordProperty("states", static_cast<int>(outcome.states));
}

TEST(MailboxModel, KeepsTheOrderOfOneProducerInAnyOrderOfSteps) {  // [remote.order]
    const auto outcome = explore(2, Recheck::yes);

    EXPECT_EQ(outcome.stuck, 0U);
    RecordProperty("states", static_cast<int>(outcome.states));
}

TEST(MailboxModel, FindsTheLostWakeUpOfAReactorThatDoesNotLookAgain) {
    EXPECT_GT(explore(1, Recheck::no).stuck, 0U);
}

}  // namespace
}  // namespace eventp

#endif
