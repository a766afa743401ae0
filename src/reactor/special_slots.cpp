// SPDX-License-Identifier: MIT
//
// Operations of slots that have no subscriber, and of those whose events must not reach it any
// more. Safety: only the dispatch of a Reactor calls them, so `reactor` is a Reactor.
#include "reactor/state.hpp"

namespace eventp::inline EVENTP_ABI_NAMESPACE {

using detail::Operations;
using detail::Slot;

namespace {

constexpr int tasks_per_turn_max = 256;

}  // namespace

void detail::drop_event(Slot* slot, std::uint32_t events, ReactorOps* reactor) {
    Reactor::State& state = *static_cast<Reactor*>(reactor)->state_;
    if (slot->state == SlotState::unwatched) {
        Reactor::State::on_stale(slot, events, reactor);
    } else {
        state.count_without_handler();
        ++state.events_dropped;
    }
}

void Reactor::State::on_stale(Slot* /*slot*/, std::uint32_t /*events*/, ReactorOps* reactor) {
    State& state = *static_cast<Reactor*>(reactor)->state_;
    state.count_without_handler();
    ++state.stale_events;
    ++state.stale_in_turn;
    ++state.stale_since_rebuild;
    state.has_stale_entries = true;
    state.has_turn_end = true;
}

void Reactor::State::on_wakeup(Slot* /*slot*/, std::uint32_t /*events*/, ReactorOps* reactor) {
    static_cast<Reactor*>(reactor)->state_->count_without_handler();
}

void Reactor::State::run_tasks(Slot* /*slot*/, std::uint32_t /*events*/, ReactorOps* reactor) {
    State& state = *static_cast<Reactor*>(reactor)->state_;
    state.count_without_handler();
    detail::Mailbox<>& mailbox = state.channel->mailbox();
    mailbox.collect();
    for (int ran = 0; ran < tasks_per_turn_max && !state.is_in_child(); ++ran) {
        detail::Task* task = mailbox.next();
        if (task == nullptr) {
            return;
        }
        task->run_or_drop(task, reactor);
        if (state.retired != nullptr) {
            state.destroy_removed();
        }
    }
}

constinit const Operations Reactor::State::dead_operations{&detail::drop_event, nullptr, nullptr,
                                                           nullptr, nullptr};
constinit const Operations Reactor::State::stale_operations{&Reactor::State::on_stale, nullptr,
                                                            nullptr, nullptr, nullptr};
constinit const Operations Reactor::State::wakeup_operations{&Reactor::State::on_wakeup, nullptr,
                                                             nullptr, nullptr, nullptr};
constinit const Operations Reactor::State::tasks_operations{&Reactor::State::run_tasks, nullptr,
                                                            nullptr, nullptr, nullptr};

Slot Reactor::State::slot_without_value(const Operations& operations) noexcept {
    return {.operations = &operations,
            .live = {},
            .fd = -1,
            .align_log2 = 0,
            .mode = detail::DispatchMode::call,
            .state = detail::SlotState::unregistered,
            .is_requeued = false,
            .is_unwatchable = false,
            .kernel_may_hold = false};
}

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE
