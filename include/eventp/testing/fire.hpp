// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include <gtest/gtest.h>

#include <eventp/detail/slot_access.hpp>
#include <eventp/testing/mock_reactor.hpp>

namespace eventp::inline EVENTP_ABI_NAMESPACE::testing {

namespace detail {

/// The handler itself, whatever the interest says.
inline void call(eventp::detail::Slot& slot, Event event, ReactorOps& reactor) {
    // Safety: `operations` points at entry `slot.mode` of a table with one entry for each mode.
    const auto* modes = slot.operations - static_cast<int>(slot.mode);
    modes->call(&slot, event.bits(), &reactor);
}

}  // namespace detail

/// Calls the handler of a subscriber that is registered nowhere, as dispatch would, with any event,
/// asked for or not. [mock.fire]
///
/// The handler is told the interest that the subscriber asks for, and a RegistrationId that has the
/// number of its descriptor and names nobody. An empty subscriber fails the test.
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

/// Calls the handler of a subscriber that the mock keeps, by its RegistrationId or by its
/// descriptor, with any event, asked for or not. [mock.fire]
///
/// The handler may remove its own subscriber: that is destroyed before fire() returns. A name that
/// nothing is kept under fails the test.
/// Throws:         what the handler throws.
inline void fire(RegistrationKey key, Event event, MockReactor& reactor) {
    const auto found = reactor.find_kept(key);
    if (found == reactor.kept_.end()) {
        ADD_FAILURE() << "eventp: fire(): nothing is kept under " << ::testing::PrintToString(key);
        return;
    }
    eventp::detail::Slot& slot = MockReactor::slot_of(*found);
    const MockReactor::Firing scope{reactor, slot};
    detail::call(slot, event, reactor);
}

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE::testing
