// SPDX-License-Identifier: MIT
//
// Random operations on many descriptors against the model of world.hpp: descriptors are closed,
// replaced and duplicated back without a call of the reactor, handlers and destructors remove
// others, and throw.
//
// EVENTP_OPERATIONS=10000000 EVENTP_SEED=7 build/asan/tests/eventp.tests.model.model runs ten
// million. A failure names its seed.
#include <random>

#include <cstdlib>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include <unistd.h>

#include "model/world.hpp"

namespace eventp::model {
namespace {

std::uint64_t from_environment(const char* name, std::uint64_t usual) {
    const char* text = std::getenv(name);
    ::alarm(text == nullptr ? support::Watchdog::seconds : 0);  // a longer run may take longer
    return text == nullptr ? usual : std::strtoull(text, nullptr, 10);
}

/// What the test does to files without calling the reactor.
enum class Mischief : std::uint8_t { none, closes, all };

class RandomRun {
public:
    RandomRun(std::uint64_t seed, Mischief mischief, std::size_t capacity)
        : random_{seed}, mischief_{mischief}, world_{places, {.event_capacity = capacity}} {
        world_.in_handler = [this](const LifePtr& life) { handle(*life); };
        world_.in_destructor = [this] {
            if (one_in(8)) {
                world_.remove(place());
            }
        };
    }

    void operator()(std::uint64_t operations) {
        for (std::uint64_t i = 0; i < operations && !testing::Test::HasFailure(); ++i) {
            step();
        }
        const Reactor::Stats stats = world_.reactor().stats();
        // The events of ghosts until a rebuild: the limit, and one batch more.
        EXPECT_LE(stats.stale_events, (stats.rebuilds + 1) * (2 + places / 16 + capacity_max));
        calls = world_.calls;
        ghosts = stats.stale_events;
        rebuilds = stats.rebuilds;
        world_.end();
    }

    static constexpr std::size_t capacity_max = 16;
    std::uint64_t calls = 0;
    std::uint64_t ghosts = 0;
    std::uint64_t rebuilds = 0;

private:
    static constexpr std::size_t places = 24;

    std::size_t below(std::size_t limit) { return random_() % limit; }
    bool one_in(std::size_t n) { return below(n) == 0; }
    std::size_t place() { return below(places); }

    Interest kind() {
        using namespace support;
        constexpr std::array kinds{reading,
                                   reading,
                                   reading_edges,
                                   reading_once,
                                   reading_exclusively,
                                   reading.errors_only(),
                                   nothing};
        return kinds[below(kinds.size())];
    }

    void step() {
        switch (below(12)) {
            case 0:
            case 1:
            case 2:
                open_and_add(place());
                break;
            case 3:
                fire_some();
                break;
            case 4:
                operate();
                break;
            case 5:
                if (mischief_ != Mischief::none && one_in(3)) {
                    do_mischief();
                }
                break;
            default:
                world_.turn();
                break;
        }
    }

    void handle(const Life& life) {
        if (!one_in(3) && life.entry != nullptr) {
            world_.drain(life.entry);
        }
        switch (below(9)) {
            case 0:
                world_.remove(life.place);
                if (one_in(2)) {
                    world_.add(life.place, kind());
                }
                break;
            case 1:
            case 2:
                operate();
                break;
            case 3:
                world_.requeue(one_in(2) ? life.place : place());
                break;
            case 4:
                fire_some();
                break;
            case 5:
                if (mischief_ == Mischief::all && one_in(4)) {
                    do_mischief();
                }
                break;
#if defined(__cpp_exceptions)
            case 6:
                throw 1;
#endif
            case 7:
                world_.feed(one_in(2) ? life.place : place());
                break;
            default:
                break;
        }
    }

    void open_and_add(std::size_t where) {
        if (world_.places()[where].file == nullptr && one_in(2)) {
            world_.replace(where, std::make_shared<File>());
        }
        world_.add(where, kind());
    }

    void operate() {
        switch (below(6)) {
            case 0:
                world_.remove(place());
                break;
            case 1:
                world_.remove_now(place());
                break;
            case 2:
                world_.extract(place(), one_in(2));
                break;
            case 3:
                world_.modify(place(), Interest{});
                break;
            default:
                world_.modify(place(), kind());
                break;
        }
    }

    void fire_some() {
        for (std::size_t i = below(4); i-- > 0;) {
            const Place& chosen = world_.places()[place()];
            if (chosen.file != nullptr) {
                world_.fire(chosen.file);
            }
        }
        if (!world_.spares.empty() && one_in(3)) {
            world_.fire(world_.spares[below(world_.spares.size())]);
        }
    }

    void do_mischief() {
        const std::size_t where = place();
        const FilePtr file = world_.places()[where].file;
        if (file != nullptr && !one_in(4)) {
            world_.spares.push_back(file);  // a duplicate keeps it open
        }
        if (file == nullptr || (mischief_ == Mischief::all && one_in(4))) {
            world_.replace(where, std::make_shared<File>());
        } else if (mischief_ == Mischief::all && !world_.spares.empty() && one_in(2)) {
            world_.replace(where, world_.spares[below(world_.spares.size())]);
        } else {
            world_.close(where);
        }
        if (world_.spares.size() > 40) {
            world_.spares.erase(world_.spares.begin(), world_.spares.begin() + 20);
        }
    }

    std::mt19937_64 random_;
    Mischief mischief_;
    World world_;
};

class RandomOperations : public testing::TestWithParam<std::tuple<Mischief, std::size_t>> {};

INSTANTIATE_TEST_SUITE_P(
    Kinds, RandomOperations,
    testing::Combine(testing::Values(Mischief::none, Mischief::closes, Mischief::all),
                     testing::Values(std::size_t{3}, RandomRun::capacity_max)));

TEST_P(RandomOperations, KeepEveryPromise) {
    // [remove.always] [remove.pending] [ghost.dup] [ghost.reuse] [ghost.number] [ghost.returned]
    // [ghost.rebuild] [dispatch.throws]
    const auto [mischief, capacity] = GetParam();
    const std::uint64_t operations = from_environment("EVENTP_OPERATIONS", 1'000'000);
    const std::uint64_t seed = from_environment("EVENTP_SEED", 1);
    SCOPED_TRACE("EVENTP_SEED=" + std::to_string(seed));
    RandomRun run{seed, mischief, capacity};

    run(operations);

    EXPECT_GT(run.calls, operations / 20) << "this test does not test";
    EXPECT_EQ(run.rebuilds > 0, mischief != Mischief::none);
    EXPECT_EQ(run.ghosts > 0, mischief != Mischief::none);
    RecordProperty("calls", std::to_string(run.calls));
    RecordProperty("ghosts", std::to_string(run.ghosts));
    RecordProperty("rebuilds", std::to_string(run.rebuilds));
}

}  // namespace
}  // namespace eventp::model
