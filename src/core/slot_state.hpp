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

/// Moves a slot that has a value to another state. `interest` is what is registered from now on.
/// The dispatch loop sees the change: it calls through `operations`.
inline void set_state(Slot& slot, SlotState state, Interest interest) noexcept {
    EVENTP_ASSERT_SLOT(slot.state < SlotState::destroyed, slot);
    const DispatchMode mode = mode_in(state, interest);
    // Safety: `operations` points at entry `slot.mode` of a table with one entry for each mode.
    slot.operations += static_cast<int>(mode) - static_cast<int>(slot.mode);
    slot.mode = mode;
    slot.state = state;
}

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE::detail
