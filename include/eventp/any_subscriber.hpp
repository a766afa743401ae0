// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>

#include <eventp/detail/slot.hpp>
#include <eventp/subscriber.hpp>

namespace eventp::inline EVENTP_ABI_NAMESPACE {

namespace detail {

/// The value lies in the slot's own allocation.
template <Subscriber S>
struct InlineStorage {
    using Subscribed = S;
    using Stored = S;
    static S& get(Slot* slot) noexcept { return *static_cast<S*>(value_of(slot)); }
};

/// The value is the user's allocation; the slot holds the pointer that owns it.
template <Subscriber S>
struct PointerStorage {
    using Subscribed = S;
    using Stored = std::unique_ptr<S>;
    static S& get(Slot* slot) noexcept { return **static_cast<Stored*>(value_of(slot)); }
};

template <typename Storage>
struct OperationsOf {
    using S = typename Storage::Subscribed;
    using Stored = typename Storage::Stored;

    static void call(Slot* slot, std::uint32_t events, ReactorOps* reactor) {
        using Traits = SubscriberTraits<S>;
        S& value = Storage::get(slot);
        Arguments<typename Traits::Fd> arguments{
            Traits::descriptor_object(value), Event{events}, Interest{slot->live.interest},
            RegistrationId{slot->fd, slot->live.generation}, *reactor};
        auto&& handler = Traits::handler(value);
        call_handler(handler, arguments);
    }
    static void destroy(Slot* slot) noexcept {
        std::destroy_at(static_cast<Stored*>(value_of(slot)));
    }
    static int descriptor(Slot* slot) { return fd_of(Storage::get(slot)); }
    static void* find(Slot* slot, const void* key) noexcept {
        return key == type_key<Storage>() ? value_of(slot)
                                          : SubscriberTraits<S>::find(Storage::get(slot), key);
    }

    static void run_after_fork(Slot* slot, ReactorOps* reactor) {
        SubscriberTraits<S>::after_fork(Storage::get(slot), *reactor);
    }
    static constexpr auto after_fork =
        SubscriberTraits<S>::has_after_fork ? &run_after_fork : nullptr;

    [[gnu::visibility("hidden")]] static constexpr OperationsTable table{{
        {&call, &destroy, &descriptor, &find, after_fork},
        {&fire_once, &destroy, &descriptor, &find, after_fork},
        {&drop_event, &destroy, &descriptor, &find, after_fork},
    }};
};

}  // namespace detail

/// One pointer that owns a subscriber of any type.
///
/// The subscriber and its 24-byte header are one allocation, whatever the alignment of the type;
/// the address is what the kernel is given, so it never changes. Empty after being moved from,
/// and after a successful add(). [any.owner]
/// Thread safety:  like a std::unique_ptr.
class AnySubscriber {
public:
    constexpr AnySubscriber() noexcept = default;

    /// Takes a subscriber in. Throws std::bad_alloc, and what S's move constructor throws.
    template <typename S>
        requires(!std::same_as<std::remove_cvref_t<S>, AnySubscriber> &&
                 Subscriber<std::remove_cvref_t<S>>)
    explicit AnySubscriber(S&& subscriber)
        : AnySubscriber{make<std::remove_cvref_t<S>>(std::forward<S>(subscriber))} {}

    /// Makes an S in place. A constructor that throws leaks nothing. [any.make]
    template <Subscriber S, typename... Args>
    [[nodiscard]] EVENTP_LOCAL static AnySubscriber make(Args&&... args) {
        AnySubscriber made = emplace<detail::InlineStorage<S>>(std::forward<Args>(args)...);
        made.slot_->live.interest =
            std::as_const(detail::InlineStorage<S>::get(made.slot_)).interest().bits();
        return made;
    }

    /// Takes over what `pointer` owns, where it is: for types that cannot move, and for abstract
    /// ones. Costs one load more per event than make(). Empty when the pointer is. [any.adopt]
    /// Throws std::bad_alloc; what `pointer` owned is destroyed then.
    template <Subscriber S>
    [[nodiscard]] static AnySubscriber adopt(std::unique_ptr<S> pointer) {
        if (pointer == nullptr) {
            return {};
        }
        const std::uint32_t interest = std::as_const(*pointer).interest().bits();
        AnySubscriber made = emplace<detail::PointerStorage<S>>(std::move(pointer));
        made.slot_->live.interest = interest;
        return made;
    }

    AnySubscriber(AnySubscriber&& other) noexcept : slot_{std::exchange(other.slot_, nullptr)} {}
    AnySubscriber& operator=(AnySubscriber&& other) noexcept {
        AnySubscriber taken{std::move(other)};
        std::swap(slot_, taken.slot_);  // the old one ends last: its destructor may look at us
        return *this;
    }
    AnySubscriber(const AnySubscriber&) = delete;
    AnySubscriber& operator=(const AnySubscriber&) = delete;
    ~AnySubscriber() {
        if (slot_ != nullptr) {
            slot_->operations->destroy(slot_);
            detail::free_slot(slot_);
        }
    }

    [[nodiscard]] explicit operator bool() const noexcept { return slot_ != nullptr; }

    /// The subscriber, when it is an S; null otherwise. As Reactor::find(), S may also be the
    /// descriptor object that the builder was given, or what that points at, unless that is const.
    template <typename S>
    [[nodiscard]] S* find() noexcept {
        return slot_ == nullptr ? nullptr
                                : static_cast<S*>(slot_->operations->find(
                                      slot_, detail::type_key<std::remove_cv_t<S>>()));
    }

    /// Gives the subscriber out as what it is: the pointer that was adopted, or a new one that S
    /// is moved into. Null, and nothing changed, when it is not an S, or is one in place that
    /// cannot be moved. [any.into]
    template <Subscriber S>
    [[nodiscard]] std::unique_ptr<S> into() {
        if (auto* adopted = stored<detail::PointerStorage<S>>(); adopted != nullptr) {
            std::unique_ptr<S> out = std::move(*adopted);
            *this = AnySubscriber{};
            return out;
        }
        if constexpr (std::move_constructible<S>) {
            if (S* in_place = stored<detail::InlineStorage<S>>(); in_place != nullptr) {
                auto out = std::make_unique<S>(std::move(*in_place));
                *this = AnySubscriber{};
                return out;
            }
        }
        return nullptr;
    }

private:
    friend struct detail::SlotAccess;

    explicit AnySubscriber(detail::Slot* slot) noexcept : slot_{slot} {}

    template <typename Storage>
    [[nodiscard]] typename Storage::Stored* stored() noexcept {
        return slot_ == nullptr ? nullptr
                                : static_cast<typename Storage::Stored*>(
                                      slot_->operations->find(slot_, detail::type_key<Storage>()));
    }

    template <typename Storage, typename... Args>
    [[nodiscard]] EVENTP_LOCAL static AnySubscriber emplace(Args&&... args) {
        using Stored = typename Storage::Stored;
        static_assert(std::is_nothrow_destructible_v<typename Storage::Subscribed>,
                      "eventp: the destructor of a subscriber must be noexcept");
        struct FreeSlot {
            void operator()(detail::Slot* slot) const noexcept { detail::free_slot(slot); }
        };
        std::unique_ptr<detail::Slot, FreeSlot> memory{
            detail::allocate_slot(sizeof(Stored), alignof(Stored))};
        // Safety: allocate_slot() made room for a Stored, aligned for it, behind the header.
        std::construct_at(static_cast<Stored*>(detail::value_of(memory.get())),
                          std::forward<Args>(args)...);
        memory->operations = &detail::OperationsOf<Storage>::table.modes[0];
        return AnySubscriber{memory.release()};
    }

    detail::Slot* slot_ = nullptr;
};
static_assert(sizeof(AnySubscriber) == sizeof(void*));

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE
