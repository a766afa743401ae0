// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <ostream>
#include <vector>

#include <eventp/reactor.hpp>

#include "support/kernel_set.hpp"

namespace eventp::support {

/// The observable state of a reactor, the process and the kernel: equal before and after a call
/// that failed.
struct Snapshot {
    explicit Snapshot(const Reactor& reactor)
        : numbers{open_numbers()},
          entries{entries_of(working_set())},
          registered{reactor.stats().registered},
          quarantined{reactor.stats().quarantined} {}

    std::vector<int> numbers;
    std::vector<KernelEntry> entries;
    std::size_t registered;
    std::size_t quarantined;

    friend bool operator==(const Snapshot&, const Snapshot&) = default;
    friend std::ostream& operator<<(std::ostream& out, const Snapshot& it) {
        return out << it.numbers.size() << " numbers, " << it.entries.size() << " entries, "
                   << it.registered << " registered, " << it.quarantined << " quarantined";
    }
};

}  // namespace eventp::support
