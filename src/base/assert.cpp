// SPDX-License-Identifier: MIT
#include "base/assert.hpp"

#include <array>
#include <cstddef>
#include <cstdio>
#include <cstdlib>

#include <eventp/detail/slot.hpp>

namespace eventp::inline EVENTP_ABI_NAMESPACE::detail {

namespace {

constexpr std::array states{"unregistered", "watched",   "fired",      "unwatched",
                            "retired",      "destroyed", "quarantined"};

}  // namespace

[[gnu::cold]] void assertion_failed(const char* expression, const Slot* slot,
                                    std::source_location where) noexcept {
    static_cast<void>(std::fprintf(stderr, "eventp: assertion failed: %s (%s:%u)\n", expression,
                                   where.file_name(), static_cast<unsigned>(where.line())));
    if (slot != nullptr) {
        const auto state = static_cast<std::size_t>(slot->state);
        static_cast<void>(
            std::fprintf(stderr, "eventp: slot %p: descriptor %d, state %s, mode %d, requeued %d\n",
                         static_cast<const void*>(slot), slot->fd,
                         state < states.size() ? states[state] : "invalid",
                         static_cast<int>(slot->mode), static_cast<int>(slot->is_requeued)));
    }
    std::abort();
}

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE::detail
