// SPDX-License-Identifier: MIT
//
// Ten thousand registrations, of which a thousand are added, changed and removed from inside
// handlers in each of a thousand turns.
#include <algorithm>
#include <cstdint>
#include <iostream>
#include <memory>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include <sys/resource.h>

#include "support/files.hpp"
#include "support/kernel_set.hpp"
#include "support/source.hpp"

namespace eventp::model {
namespace {

constexpr std::size_t registrations_wanted = 10'000;
constexpr int turns = 1'000;
constexpr int operations_per_turn = 1'000;
constexpr std::size_t ready_per_turn = 50;

/// What can be open: as many files as the hard limit has room for.
std::size_t registrations_possible() {
    rlimit limit{};
    EXPECT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max;
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
    return std::min<std::size_t>(registrations_wanted, limit.rlim_max - 100);
}

class Churn {
public:
    explicit Churn(std::size_t size) : files_(size), life_of_(size) {
        for (std::size_t i = 0; i < size; ++i) {
            files_[i] = support::make_eventfd();
            add(i);
        }
    }

    void run_turns() {
        for (int i = 0; i < turns; ++i) {
            for (std::size_t ready = 0; ready < ready_per_turn; ++ready) {
                static_cast<void>(::eventfd_write(files_[any()].fd(), 1));
            }
            to_do_ = operations_per_turn;
            ASSERT_TRUE(reactor_.run_once(std::chrono::seconds{0}));
            done += static_cast<std::uint64_t>(operations_per_turn - to_do_);
        }
    }

    [[nodiscard]] std::size_t registered() const {
        return static_cast<std::size_t>(
            std::ranges::count_if(life_of_, [](std::uint64_t life) { return life != 0; }));
    }

    std::uint64_t done = 0;
    std::uint64_t calls = 0;
    std::uint64_t destroyed = 0;
    std::uint64_t added = 0;
    [[nodiscard]] Reactor& reactor() { return reactor_; }

private:
    class Subscribed {
    public:
        Subscribed(Churn& churn, std::size_t index, std::uint64_t life)
            : churn_{churn}, index_{index}, life_{life} {}
        Subscribed(const Subscribed&) = delete;
        Subscribed& operator=(const Subscribed&) = delete;
        ~Subscribed() { ++churn_.destroyed; }

        [[nodiscard]] int fd() const { return churn_.files_[index_].fd(); }
        [[nodiscard]] Interest interest() const { return support::reading; }
        void handle(ReactorOps& reactor) {
            ASSERT_EQ(churn_.life_of_[index_], life_) << "called after its removal";
            ++churn_.calls;
            eventfd_t value = 0;
            static_cast<void>(::eventfd_read(fd(), &value));
            for (int i = 0; i < operations_per_turn / 20 && churn_.to_do_ > 0; ++i) {
                --churn_.to_do_;
                churn_.operate(reactor);
            }
        }

    private:
        Churn& churn_;
        std::size_t index_;
        std::uint64_t life_;
    };

    std::size_t any() { return random_() % files_.size(); }

    void add(std::size_t index) {
        auto subscriber = AnySubscriber::make<Subscribed>(*this, index, ++added);
        ASSERT_TRUE(reactor_.add(subscriber));
        life_of_[index] = added;
    }

    void operate(ReactorOps& reactor) {
        const std::size_t index = any();
        if (life_of_[index] == 0) {
            add(index);
            return;
        }
        const BorrowedFd fd{files_[index].fd()};
        switch (random_() % 4) {
            case 0:
                life_of_[index] = 0;
                ASSERT_TRUE(reactor.remove(fd));
                break;
            case 1:
                life_of_[index] = 0;
                ASSERT_TRUE(reactor.remove(fd));
                add(index);
                break;
            default:
                ASSERT_TRUE(reactor.modify(
                    fd, random_() % 2 == 0 ? support::reading : support::reading_edges));
                break;
        }
    }

    std::mt19937_64 random_{1};
    std::vector<OwnedFd> files_;
    std::vector<std::uint64_t> life_of_;  // by index; 0: not registered
    int to_do_ = 0;
    Reactor reactor_;
};

TEST(Churn, OfTenThousandRegistrationsFromInsideHandlersIsClean) {
    // [remove.pending] [remove.readd] [modify.pending] [add.next_turn]
    const std::size_t size = registrations_possible();
    if (size < registrations_wanted) {
        std::cout << "only " << size << " registrations: the hard limit of open files is low\n";
    }
    const auto churn = std::make_unique<Churn>(size);

    churn->run_turns();

    EXPECT_EQ(churn->done, std::uint64_t{turns} * operations_per_turn);
    EXPECT_GT(churn->calls, std::uint64_t{turns} * 20);
    EXPECT_EQ(churn->reactor().stats().registered, churn->registered());
    EXPECT_EQ(churn->added - churn->destroyed, churn->registered());
    EXPECT_EQ(churn->reactor().stats().quarantined, 0U);
    EXPECT_EQ(support::entries_held(), churn->registered());
}

}  // namespace
}  // namespace eventp::model
