// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <type_traits>

#include <eventp/detail/block.hpp>
#include <eventp/detail/signature.hpp>
#include <eventp/detail/slot.hpp>
#include <eventp/event.hpp>
#include <eventp/fd.hpp>
#include <eventp/interest.hpp>
#include <eventp/reactor_ops.hpp>
#include <eventp/registration_id.hpp>
#include <eventp/subscriber.hpp>

namespace eventp::inline EVENTP_ABI_NAMESPACE::detail {

/// Adds an owner of the object of a block.
inline void add_object_ref(Block* block) noexcept {
    block->owners.fetch_add(1, std::memory_order_relaxed);
}

/// Removes an owner, and destroys the object if it was the last one.
template <typename T>
void drop_object_ref(Block* block) noexcept {
    if (block->owners.fetch_sub(1, std::memory_order_acq_rel) == 1) {
        std::destroy_at(static_cast<T*>(object_of(block)));
        drop_memory_ref(block);
    }
}

/// Where a device stores a descriptor, and the member function that is called for its events.
template <auto Where, auto Function>
struct Watch {};

template <typename T, auto Where>
consteval bool check_where() {
    if constexpr (std::is_invocable_v<decltype(Where), T&>) {
        using Given = std::remove_reference_t<std::invoke_result_t<decltype(Where), T&>>;
        static_assert(
            Descriptor<Given>,
            "eventp: the first argument of watch<Where, Function> must be a Descriptor, not "
            "an int: use OwnedFd, which closes it, or BorrowedFd, which does not");
        return Descriptor<Given>;
    } else {
        static_assert(
            std::is_invocable_v<decltype(Where), T&>,
            "eventp: the first argument of watch<Where, Function> must be a data member of "
            "the device, or a member function or lambda that returns a descriptor of it");
        return false;
    }
}

template <typename T, auto Function>
consteval bool check_function() {
    using F = decltype(Function);
    if constexpr (SignatureOf<F>::readable && std::is_member_function_pointer_v<F>) {
        static_assert(std::is_convertible_v<T&, typename SignatureOf<F>::Class&>,
                      "eventp: the second argument of watch<Where, Function> must be a member "
                      "function of the device, not of another class");
        static_assert(std::is_void_v<typename SignatureOf<F>::Result>,
                      "eventp: a handler must return void; its result would be ignored");
        return std::is_convertible_v<T&, typename SignatureOf<F>::Class&>;
    } else {
        static_assert(std::is_member_function_pointer_v<F> && SignatureOf<F>::readable,
                      "eventp: the second argument of watch<Where, Function> must be a member "
                      "function of the device that is not volatile, variadic or &&-qualified");
        return false;
    }
}

/// The operations of a slot of a device. The value of the slot is the address of the T.
template <typename T, typename Watched>
struct DevicePart;

template <typename T, auto Where, auto Function>
struct DevicePart<T, Watch<Where, Function>> {
    using Sig = SignatureOf<decltype(Function)>;
    /// The descriptor object: a member of the T, or a temporary.
    using Given = std::remove_reference_t<std::invoke_result_t<decltype(Where), T&>>;
    using Fd = UnwrappedOf<Given>;

    static T& object(Slot* slot) noexcept { return *static_cast<T*>(object_pointer_of(slot)); }

    static void call(Slot* slot, std::uint32_t events, ReactorOps* reactor) {
        using Parameters =
            typename decltype(check_parameters<Fd>(typename Sig::Parameters{}))::type;
        if constexpr (!std::is_void_v<Parameters>) {
            inject(slot, events, reactor, Parameters{});
        }
    }
    static void destroy(Slot* slot) noexcept {
        drop_object_ref<T>(block_of(object_pointer_of(slot)));
    }
    static int descriptor(Slot* slot) {
        auto&& given = std::invoke(Where, object(slot));
        return fd_of(given);
    }
    static void* find(Slot* slot, const void* key) noexcept {
        return key == type_key<T>() ? object_pointer_of(slot) : nullptr;
    }
    static void run_after_fork(Slot* slot, ReactorOps* reactor) {
        if constexpr (HasAfterFork<T>) {
            if (first_after_fork(block_of(object_pointer_of(slot)))) {
                object(slot).after_fork(*reactor);
            }
        }
    }
    static constexpr auto after_fork = HasAfterFork<T> ? &run_after_fork : nullptr;

    [[gnu::visibility("hidden")]] static constexpr OperationsTable table{{
        {&call, &destroy, &descriptor, &find, after_fork},
        {&fire_once, &destroy, &descriptor, &find, after_fork},
        {&drop_event, &destroy, &descriptor, &find, after_fork},
    }};

private:
    template <typename... A>
    static void inject(Slot* slot, std::uint32_t events, ReactorOps* reactor,
                       TypeList<A...> /*parameters*/) {
        T& device = object(slot);
        typename Sig::Class& of_function = device;  // T, or a base of it
        const auto call = [&](auto& fd) {
            [[maybe_unused]] Arguments<std::remove_reference_t<decltype(fd)>> from{
                fd, Event{events}, Interest{slot->live.interest},
                RegistrationId{slot->fd, slot->live.generation}, *reactor};
            (of_function.*Function)(static_cast<A>(pick<A>(from))...);
        };
        if constexpr ((std::is_same_v<std::remove_cvref_t<A>, std::remove_cv_t<Fd>> || ...)) {
            auto&& given = std::invoke(Where, device);
            call(Unwrapped<Given>::get(given));
        } else {
            call(device);  // no parameter is the descriptor object
        }
    }
};

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE::detail
