// SPDX-License-Identifier: MIT
#pragma once

#include <utility>

#include <eventp/any_subscriber.hpp>

namespace eventp::inline EVENTP_ABI_NAMESPACE::detail {

/// Access to the slot of an AnySubscriber, for a reactor and for the mock of one.
struct SlotAccess {
    [[nodiscard]] static Slot* slot_of(const AnySubscriber& owner) noexcept { return owner.slot_; }
    [[nodiscard]] static Slot* release(AnySubscriber& owner) noexcept {
        return std::exchange(owner.slot_, nullptr);
    }
    [[nodiscard]] static AnySubscriber own(Slot* slot) noexcept { return AnySubscriber{slot}; }
};

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE::detail
