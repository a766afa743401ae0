// SPDX-License-Identifier: MIT
//
// Every history of a few operations on a few descriptors, inside and outside handlers, against the
// model of world.hpp. A history that leads to a state of the model that a shorter one has led to is
// not prolonged.
//
// With EVENTP_HISTORIES=6 in the environment, histories of six operations run, which takes long.
#include <cstdlib>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <unistd.h>

#include "model/world.hpp"

namespace eventp::model {
namespace {

using support::reading;
using support::reading_edges;
using support::reading_exclusively;
using support::reading_once;

enum class Op : std::uint8_t {
    add,
    modify,
    pause,
    remove,
    remove_now,
    take,
    take_and_add,
    again,
    close_behind,
    replace_behind,
    bring_back,
    fire,
    drain,
    turn,
};
constexpr std::array names{"add",        "modify",   "pause", "remove", "remove_now",
                           "take",       "take+add", "again", "close",  "replace",
                           "bring back", "fire",     "drain", "turn"};

/// One operation; those inside are done by the first handler that runs in the next turn.
struct Step {
    Op op;
    bool inside;
    std::size_t place;
};
using History = std::vector<Step>;

std::string text_of(const History& history) {
    std::string text;
    for (const Step& step : history) {
        text += std::string{step.inside ? " in handler: " : " "} +
                names[static_cast<std::size_t>(step.op)] + ' ' + std::to_string(step.place) + ',';
    }
    return text;
}

class Histories {
public:
    Histories(std::vector<Interest> kinds, bool populated)
        : kinds_{std::move(kinds)}, populated_{populated} {}

    /// Runs all histories of at most `length` operations.
    void run_all(int length) {
        std::vector<History> frontier{History{}};
        std::set<std::string> seen;
        for (int i = 0; i < length && !testing::Test::HasFailure(); ++i) {
            std::vector<History> next;
            for (const History& before : frontier) {
                for (const Step& step : steps()) {
                    History history = before;
                    history.push_back(step);
                    const std::string state = run(history);
                    ++runs;
                    ASSERT_FALSE(testing::Test::HasFailure()) << text_of(history);
                    if (!state.empty() && seen.insert(state).second) {
                        next.push_back(std::move(history));
                    }
                }
            }
            frontier = std::move(next);
        }
        states = seen.size();
    }

    std::size_t runs = 0;
    std::size_t states = 0;

private:
    [[nodiscard]] std::vector<Step> steps() const {
        std::vector<Step> all{{Op::turn, false, 0}};
        for (std::size_t place = 0; place < kinds_.size(); ++place) {
            for (std::size_t op = 0; op < static_cast<std::size_t>(Op::turn); ++op) {
                all.push_back({static_cast<Op>(op), true, place});
                if (static_cast<Op>(op) != Op::again) {
                    all.push_back({static_cast<Op>(op), false, place});
                }
            }
        }
        return all;
    }

    /// The state that the history leads to; empty when nothing new can come of it.
    std::string run(const History& history) {
        if (world_ == nullptr) {
            world_ = std::make_unique<World>(kinds_.size(), Reactor::Options{.event_capacity = 8});
        }
        for (std::size_t place = 0; place < kinds_.size() && populated_; ++place) {
            world_->add(place, kinds_[place]);
            world_->fire(world_->places()[place].file);
        }
        std::vector<Step> script;
        bool idle = false;
        world_->in_handler = [&](const LifePtr&) {
            for (const Step& step : std::exchange(script, {})) {
                apply(step);
            }
        };
        for (const Step& step : history) {
            if (step.inside) {
                script.push_back(step);
            } else if (step.op == Op::turn) {
                idle = !world_->turn() || !script.empty();
            } else {
                apply(step);
            }
        }
        const std::string state = idle ? "" : world_->state() + text_of(script);
        finish();
        return state;
    }

    /// Removed subscribers must not be called, and the others must be.
    void finish() {
        for (int turn = 0; turn < 2; ++turn) {
            world_->turn();
        }
        world_->end();
        if (world_->reactor().stats().quarantined != 0) {
            world_.reset();  // the next history begins without held numbers
        }
    }

    void apply(const Step& step) {
        World& world = *world_;
        Place& place = world.places()[step.place];
        switch (step.op) {
            case Op::add:
                world.add(step.place, kinds_[step.place]);
                break;
            case Op::modify:
                world.modify(step.place, kinds_[step.place]);
                break;
            case Op::pause:
                world.modify(step.place, Interest{});
                break;
            case Op::remove:
                world.remove(step.place);
                break;
            case Op::remove_now:
                world.remove_now(step.place);
                break;
            case Op::take:
            case Op::take_and_add:
                world.extract(step.place, step.op == Op::take_and_add);
                break;
            case Op::again:
                world.requeue(step.place);
                break;
            case Op::close_behind:
            case Op::replace_behind:
                if (place.file != nullptr) {
                    world.spares.push_back(place.file);
                }
                if (step.op == Op::close_behind) {
                    world.close(step.place);
                } else {
                    world.replace(step.place, std::make_shared<File>());
                }
                break;
            case Op::bring_back:
                if (!world.spares.empty()) {
                    world.replace(step.place, world.spares.front());
                }
                break;
            case Op::fire:
                if (place.file != nullptr) {
                    world.fire(place.file);
                }
                break;
            case Op::drain:
                if (place.file != nullptr) {
                    world.drain(place.file);
                }
                break;
            case Op::turn:
                break;
        }
    }

    std::vector<Interest> kinds_;
    bool populated_;
    std::unique_ptr<World> world_;
};

int length_or(int usual) {
    const char* asked = std::getenv("EVENTP_HISTORIES");
    ::alarm(asked == nullptr ? support::Watchdog::seconds : 0);  // a longer run may take longer
    return asked == nullptr ? usual : std::atoi(asked);
}

void expect_all_right(std::vector<Interest> kinds, bool populated, int length) {
    Histories histories{std::move(kinds), populated};
    histories.run_all(length);
    EXPECT_GT(histories.states, 10U);
    testing::Test::RecordProperty("histories", std::to_string(histories.runs));
    testing::Test::RecordProperty("states", std::to_string(histories.states));
}

TEST(Histories, OfOneDescriptorKeepEveryPromise) {  // [remove.pending] [remove.readd]
    for (const Interest kind : {reading, reading_edges, reading_once, reading_exclusively}) {
        expect_all_right({kind}, false, length_or(4));
    }
}

TEST(Histories, OfTwoReadyDescriptorsKeepEveryPromise) {
    // [remove.other] [remove.now] [remove.self] [extract] [modify.pending]
    expect_all_right({reading, reading_once}, true, length_or(3));
    expect_all_right({reading_edges, reading_exclusively}, true, length_or(3));
}

TEST(Histories, OfThreeReadyDescriptorsKeepEveryPromise) {  // [remove.pending] [ghost.reuse]
    expect_all_right({reading, reading_edges, reading_once}, true, length_or(2));
}

}  // namespace
}  // namespace eventp::model
