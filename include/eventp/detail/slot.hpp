// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>

#include <eventp/platform.hpp>

namespace eventp::inline EVENTP_ABI_NAMESPACE {

class ReactorOps;

namespace detail {

struct Slot;
struct SlotAccess;

/// The type-erased operations of a subscriber: a hand-written vtable.
struct Operations {
    void (*call)(Slot* slot, std::uint32_t events, ReactorOps* reactor);
    void (*destroy)(Slot* slot) noexcept;
    int (*descriptor)(Slot* slot);
    /// The value, or the part of it that has the type with this key; null if there is none.
    void* (*find)(Slot* slot, const void* type_key) noexcept;
    /// Null for a type that is not kept in a forked child.
    void (*after_fork)(Slot* slot, ReactorOps* reactor);
};

/// What dispatch does with an event of a slot. A change of mode changes what is called, so that the
/// dispatch loop does not inspect a slot.
enum class DispatchMode : std::uint8_t {
    call,       // call the handler
    call_once,  // set the state `fired`, then call the handler
    drop,       // count the event as dropped
};

/// The life of a slot. Each transition has a number, and one function that makes it.
///
///                             (no memory)
///                            1 |       ^ 2
///                              v       |
///                        +----------------+
///           .----------->|  unregistered  |----------------.
///           |            +----------------+                |
///           | 4                   | 3                      | 3, paused
///           |                     v                        v
///           |            +----------------+    6     +-----------+
///           |<-----------|    watched     |--------->| unwatched |-----> 4
///           |            |                |<---------|           |
///           |            +----------------+    7     +-----------+
///           |              5 |       ^ 8                   ^
///           |                v       |                     | 6
///           |            +----------------+                |
///           '------------|     fired      |----------------'
///                        +----------------+
///
///           from each of the registered states: watched, fired, unwatched
///                |                            |
///                | 9, in a handler            | 9, otherwise
///                v                            |
///        +----------------+                   |
///        |    retired     |                   |
///        +----------------+                   |
///                | 10                         |
///                v                            v
///        +---------------------------------------------+    11
///        |                  destroyed                  |-----------> (no memory)
///        +---------------------------------------------+
///                | 11, if the kernel may hold the address
///                v
///        +----------------+    12
///        |  quarantined   |-----------> (no memory)
///        +----------------+
///
///      1  made                AnySubscriber::make, adopt; Device      public headers
///      2  destroyed           ~AnySubscriber                          any_subscriber.hpp
///      3  added               Reactor::add                            reactor/add_modify.cpp
///      4  extracted           State::hand_out                         reactor/remove.cpp
///      5  one-shot event      fire_once                               core/slot.cpp
///      6  paused              State::pause                            reactor/add_modify.cpp
///         closed by the user  State::commit_rebuild                   reactor/rebuild.cpp
///      7  resumed             State::resume                           reactor/add_modify.cpp
///      8  armed again         State::change_watched                   reactor/add_modify.cpp
///         requeued            Batch::prepend_requeued                 core/batch.hpp
///      9  removed             State::remove                           reactor/remove.cpp
///     10  handler returned    State::destroy                          reactor/dispatch.cpp
///     11  between turns       Quarantine::settle                      core/quarantine.hpp
///     12  instance replaced   Quarantine::release                     core/quarantine.hpp
enum class SlotState : std::uint8_t {
    unregistered,  // owned by an AnySubscriber
    watched,       // registered; the epoll entry leads here
    fired,         // registered; the entry of a one-shot subscriber is disarmed until modify()
    unwatched,     // registered without an entry: paused, or a rebuild found its descriptor closed
    retired,       // removed in a handler; the value is destroyed after that handler has returned
    destroyed,     // the value is destroyed; a batch may still hold the address
    quarantined,   // the kernel may hold the address until the epoll instance is replaced
};

/// The header in front of every subscriber. epoll_event.data holds its address.
///
///     allocation            Slot (24 bytes)                            value
///     v                     v                                          v
///     +- - - - - - - - - - -+------------+-----------------+--+--------+-----------
///     | padding if align    | operations | generation,     |fd| align, | S
///     | is above 8          |            | interest / next |  | state  |
///     +- - - - - - - - - - -+------------+-----------------+--+--------+-----------
///
/// Invariant: the value is alive exactly while `operations` points into a table of its type.
/// Invariant: `live` is valid in the states up to `unwatched`, `next` in the later ones.
/// `fd` stays readable after the value was destroyed: the quarantine needs it.
/// `align_log2` says how the memory was allocated: by allocate_slot() with that alignment or, if it
/// is `in_block`, as part of a block (block.hpp).
struct Slot {
    struct Live {
        std::uint32_t generation;
        std::uint32_t interest;
    };

    const Operations* operations;
    union {
        Live live;
        Slot* next;
    };
    int fd;
    std::uint8_t align_log2;
    DispatchMode mode;
    SlotState state;
    bool is_requeued : 1;      // an event of it is queued for the next turn
    bool is_unwatchable : 1;   // found by the rebuild that is running
    bool kernel_may_hold : 1;  // of a removed slot: an epoll entry may lead here
};
static_assert(sizeof(Slot) == 24);

inline constexpr std::uint8_t in_block = 0xFF;

/// The operations of a type, one for each DispatchMode.
struct OperationsTable {
    Operations modes[3];
};

EVENTP_API void fire_once(Slot* slot, std::uint32_t events, ReactorOps* reactor);
EVENTP_API void drop_event(Slot* slot, std::uint32_t events, ReactorOps* reactor);

/// Uninitialised memory for a slot and a value after it. Throws std::bad_alloc.
[[nodiscard]] EVENTP_API Slot* allocate_slot(std::size_t value_size, std::size_t value_align);
EVENTP_API void free_slot(Slot* slot) noexcept;

[[nodiscard]] inline void* value_of(Slot* slot) noexcept {
    return reinterpret_cast<std::byte*>(slot) + sizeof(Slot);
}

/// The address of identity_of<T> identifies T. It is a function: GCC makes an exported inline
/// variable STB_GNU_UNIQUE, and dlclose(3) does not unload a shared object that defines one.
/// [shared_object.unload] no public header defines an exported symbol of that kind. Its body
/// differs from that of each other type, because linkers fold equal functions.
template <typename T>
struct Identity {
    // NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables): a constant may be folded.
    [[gnu::visibility("hidden")]] static inline char byte{};
};
template <typename T>
[[nodiscard, gnu::visibility("default")]] char* identity_of() noexcept {
    return &Identity<T>::byte;
}

/// Equal for equal types within an executable or a shared object. [shared_object.find] Equal in two
/// of them, too, if T has default visibility and the symbol of T is exported by the executable
/// (-rdynamic; CMake: ENABLE_EXPORTS) or by a shared object that both are linked to. Otherwise the
/// keys differ, so find() returns null.
template <typename T>
[[nodiscard]] const void* type_key() noexcept {
    return reinterpret_cast<const void*>(&identity_of<T>);
}

}  // namespace detail
}  // namespace eventp::inline EVENTP_ABI_NAMESPACE
