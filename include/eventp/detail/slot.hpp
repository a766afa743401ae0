// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>

#include <eventp/platform.hpp>

namespace eventp {

class ReactorOps;

namespace detail {

struct Slot;
struct SlotAccess;

/// What can be done to a value whose type is known no more.
struct Operations {
    void (*call)(Slot* slot, std::uint32_t events, ReactorOps* reactor);
    void (*destroy)(Slot* slot) noexcept;
    int (*descriptor)(Slot* slot);
    /// The value, or the part of it, that has the type behind the key; null when none has.
    void* (*find)(Slot* slot, const void* type_key) noexcept;
    /// Null for a type that does not outlive a fork in the child.
    void (*after_fork)(Slot* slot, ReactorOps* reactor);
};

/// How a slot answers an event. A change of variant swaps what is called, so that dispatch asks
/// nothing of a slot.
enum class Variant : std::uint8_t {
    plain,    // calls the handler
    oneshot,  // becomes `dropped`, then calls the handler: the kernel has disarmed the entry
    dropped,  // counts the event as skipped: a fired one-shot, a paused or a removed subscriber
};

/// Whether the kernel's set has an entry with the address of a slot.
enum class Presence : std::uint8_t {
    absent,   // no: paused, or a rebuild found its descriptor closed
    present,  // yes, under its number
    moved,    // perhaps, under a number it had; the next set has it under its own
    lost,     // as `moved`, but the next set could not take it: absent once that is in place
};

/// The header in front of every subscriber, and what epoll_event.data points at.
///
///     allocation            Slot (24 bytes)                            value
///     v                     v                                          v
///     +- - - - - - - - - - -+------------+-----------------+--+--------+-----------
///     | padding when align  | operations | generation,     |fd| align, | S
///     | is above 8          |            | interest / next |  | state  |
///     +- - - - - - - - - - -+------------+-----------------+--+--------+-----------
///
/// Invariant: the value is live exactly while `operations` points into a table of its type.
/// The number stays readable in a dead slot: the quarantine asks for it.
/// `align_log2` says where the memory of a slot comes from: allocate_slot() with that alignment,
/// or, when it is `in_block`, the block of block.hpp.
struct Slot {
    struct Live {
        std::uint32_t generation;
        std::uint32_t interest;
    };

    const Operations* operations;
    union {
        Live live;
        Slot* next;  // of a slot that is on a list of removed ones
    };
    int fd;
    std::uint8_t align_log2;
    Variant variant;
    Presence presence;
    bool again_pending;  // waits on the again list
};
static_assert(sizeof(Slot) == 24);

inline constexpr std::uint8_t in_block = 0xFF;

/// The operations of a type, one row per Variant.
struct OperationsTable {
    Operations rows[3];
};

EVENTP_API void fire_once(Slot* slot, std::uint32_t events, ReactorOps* reactor);
EVENTP_API void drop_event(Slot* slot, std::uint32_t events, ReactorOps* reactor);

/// Uninitialised memory for a slot and a value behind it. Throws std::bad_alloc.
[[nodiscard]] EVENTP_API Slot* allocate_slot(std::size_t value_size, std::size_t value_align);
EVENTP_API void free_slot(Slot* slot) noexcept;

inline void set_variant(Slot& slot, Variant variant) noexcept {
    // Safety: `operations` points at row `slot.variant` of a table with one row per variant.
    slot.operations += static_cast<int>(variant) - static_cast<int>(slot.variant);
    slot.variant = variant;
}

[[nodiscard]] inline void* value_of(Slot* slot) noexcept {
    return reinterpret_cast<std::byte*>(slot) + sizeof(Slot);
}

/// The address that stands for a type. Mutable, because linkers fold equal constants and equal
/// functions; visible, so that a shared object and a program agree on it if T itself is visible.
template <typename T>
// NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables): see above; never written.
[[gnu::visibility("default")]] inline char type_key{};

}  // namespace detail
}  // namespace eventp
