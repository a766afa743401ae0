// SPDX-License-Identifier: MIT
#pragma once

#include <utility>

#include <eventp/thin_subscriber.hpp>

namespace eventp::detail {

/// For who keeps subscribers: a reactor, and a mock of one.
struct SlotAccess {
    [[nodiscard]] static Slot* slot_of(const ThinSubscriber& owner) noexcept { return owner.slot_; }
    [[nodiscard]] static Slot* release(ThinSubscriber& owner) noexcept {
        return std::exchange(owner.slot_, nullptr);
    }
    [[nodiscard]] static ThinSubscriber own(Slot* slot) noexcept { return ThinSubscriber{slot}; }
};

}  // namespace eventp::detail
