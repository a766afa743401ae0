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

/// The value is stored after the slot, in the same allocation.
template <Subscriber S>
struct InlineStorage {
    using Subscribed = S;
    using Stored = S;
    static S& get(Slot* slot) noexcept { return *static_cast<S*>(value_of(slot)); }
};

/// The value is in an allocation of the user; the slot owns it through a std::unique_ptr.
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
/// The subscriber and its 24-byte header are one allocation, whatever the alignment of the type.
/// The address of the header is passed to the kernel, so it never changes. An AnySubscriber is
/// empty after being moved from, and after a successful add(). [any.owner]
/// Thread safety:  like a std::unique_ptr.
class AnySubscriber {
public:
    constexpr AnySubscriber() noexcept = default;

    /// Copies or moves `subscriber` into a new allocation. Throws std::bad_alloc, and what that
    /// constructor of S throws.
    template <typename S>
        requires(!std::same_as<std::remove_cvref_t<S>, AnySubscriber> &&
                 Subscriber<std::remove_cvref_t<S>>)
    explicit AnySubscriber(S&& subscriber)
        : AnySubscriber{make<std::remove_cvref_t<S>>(std::forward<S>(subscriber))} {}

    /// Constructs an S in place. If its constructor throws, nothing is leaked. [any.make]
    template <Subscriber S, typename... Args>
    [[nodiscard]] EVENTP_LOCAL static AnySubscriber make(Args&&... args) {
        AnySubscriber made = emplace<detail::InlineStorage<S>>(std::forward<Args>(args)...);
        made.slot_->live.interest =
            std::as_const(detail::InlineStorage<S>::get(made.slot_)).interest().bits();
        return made;
    }

    /// Takes ownership of the subscriber that `pointer` owns, without moving it: for types that are
    /// not movable, and for abstract types. Costs one more load per event than make(). Returns an
    /// empty AnySubscriber if `pointer` is null. [any.adopt]
    /// Throws std::bad_alloc; the subscriber is destroyed then.
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
        std::swap(slot_, taken.slot_);  // first: the destructor of the old one may use *this
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

    /// The subscriber if it is an S; null otherwise. As for ReactorOps::find(), S may also be the
    /// type of the descriptor object that the builder was given, or the type that it points to
    /// unless that is const.
    template <typename S>
    [[nodiscard]] S* find() noexcept {
        return slot_ == nullptr ? nullptr
                                : static_cast<S*>(slot_->operations->find(
                                      slot_, detail::type_key<std::remove_cv_t<S>>()));
    }

    /// Extracts the subscriber as an S: the pointer that adopt() received, or a new object that is
    /// move-constructed from the stored one. Returns null and changes nothing if the subscriber is
    /// not an S, or if it was constructed in place and is not move-constructible. [any.into]
    /// Throws std::bad_alloc, and what the move constructor of S throws; this object still owns the
    /// subscriber then.
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
        // Safety: allocate_slot() allocated memory for a Stored, aligned for it, after the header.
        std::construct_at(static_cast<Stored*>(detail::value_of(memory.get())),
                          std::forward<Args>(args)...);
        memory->operations = &detail::OperationsOf<Storage>::table.modes[0];
        return AnySubscriber{memory.release()};
    }

    detail::Slot* slot_ = nullptr;
};
static_assert(sizeof(AnySubscriber) == sizeof(void*));

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE
