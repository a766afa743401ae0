// SPDX-License-Identifier: MIT
#pragma once

#include <eventp/detail/slot.hpp>
#include <eventp/interest.hpp>

#include "base/assert.hpp"

namespace eventp::inline EVENTP_ABI_NAMESPACE::detail {

[[nodiscard]] constexpr bool is_registered(SlotState state) noexcept {
    return state == SlotState::watched || state == SlotState::fired ||
           state == SlotState::unwatched;
}

/// What dispatch does with an event in a state. A slot that is not registered has no events; it has
/// the mode that testing::fire() starts from.
[[nodiscard]] constexpr DispatchMode mode_in(SlotState state, Interest interest) noexcept {
    if (state == SlotState::unregistered) {
        return DispatchMode::call;
    }
    if (state != SlotState::watched) {
        return DispatchMode::drop;
    }
    return interest.is_oneshot() ? DispatchMode::call_once : DispatchMode::call;
}

/// The transitions of the diagram in slot.hpp.
[[nodiscard]] constexpr bool may_become(SlotState from, SlotState to) noexcept {
    switch (to) {
        case SlotState::unregistered:
            return is_registered(from);
        case SlotState::watched:
        case SlotState::unwatched:
            return from == SlotState::unregistered || is_registered(from);
        case SlotState::fired:
            return from == SlotState::watched;
        case SlotState::retired:
            return is_registered(from);
        case SlotState::destroyed:
            return from == SlotState::retired || is_registered(from);
        case SlotState::quarantined:
            return from == SlotState::destroyed;
    }
    return false;
}

/// Moves a slot that has a value to another state. `interest` is what is registered from now on.
/// The dispatch loop sees the change: it calls through `operations`.
inline void set_state(Slot& slot, SlotState state, Interest interest) noexcept {
    EVENTP_ASSERT_SLOT(state < SlotState::destroyed && may_become(slot.state, state), slot);
    const DispatchMode mode = mode_in(state, interest);
    // Safety: `operations` points at entry `slot.mode` of a table with one entry for each mode.
    slot.operations += static_cast<int>(mode) - static_cast<int>(slot.mode);
    slot.mode = mode;
    slot.state = state;
}

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE::detail
