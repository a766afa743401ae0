// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include <gtest/gtest.h>

#include <eventp/detail/slot_access.hpp>
#include <eventp/testing/mock_reactor.hpp>

namespace eventp::inline EVENTP_ABI_NAMESPACE::testing {

namespace detail {

/// Calls the handler, whatever the dispatch mode of the slot is.
inline void call(eventp::detail::Slot& slot, Event event, ReactorOps& reactor) {
    // Safety: `operations` points at entry `slot.mode` of a table with one entry for each mode.
    const auto* modes = slot.operations - static_cast<int>(slot.mode);
    modes->call(&slot, event.bits(), &reactor);
}

}  // namespace detail

/// Calls the handler of a subscriber that is not registered, as dispatch does, with any event,
/// requested or not. [mock.fire]
///
/// The handler is called with the interest that the subscriber requests, and with a RegistrationId
/// that has its descriptor and under which nothing is registered. If `subscriber` is empty, the
/// test fails.
/// Throws:         what the handler throws.
inline void fire(AnySubscriber& subscriber, Event event, ReactorOps& reactor) {
    if (!subscriber) {
        ADD_FAILURE() << "eventp: fire(): the subscriber is empty";
        return;
    }
    eventp::detail::Slot& slot = *eventp::detail::SlotAccess::slot_of(subscriber);
    slot.fd = slot.operations->descriptor(&slot);
    slot.live.generation = 0;
    detail::call(slot, event, reactor);
}

/// Calls the handler of a subscriber that the mock holds, by its RegistrationId or by its
/// descriptor, with any event, requested or not. [mock.fire]
///
/// The handler may remove its own subscriber, which is destroyed before fire() returns. If nothing
/// is registered under `key`, the test fails.
/// Throws:         what the handler throws.
inline void fire(RegistrationKey key, Event event, MockReactor& reactor) {
    const auto found = reactor.find_kept(key);
    if (found == reactor.kept_.end()) {
        ADD_FAILURE() << "eventp: fire(): nothing is registered under "
                      << ::testing::PrintToString(key);
        return;
    }
    eventp::detail::Slot& slot = MockReactor::slot_of(*found);
    const MockReactor::Firing scope{reactor, slot};
    detail::call(slot, event, reactor);
}

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE::testing
