// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>

#include <eventp/any_subscriber.hpp>
#include <eventp/detail/block.hpp>
#include <eventp/detail/device_part.hpp>
#include <eventp/detail/slot.hpp>
#include <eventp/detail/slot_access.hpp>
#include <eventp/interest.hpp>
#include <eventp/reactor_ops.hpp>
#include <eventp/registration_id.hpp>
#include <eventp/result.hpp>

namespace eventp::inline EVENTP_ABI_NAMESPACE {

/// Devices: one object with several descriptors, each with its own interest and its own member
/// function.
///
///     const auto ids = eventp::device<Disk>()
///                          .watch<&Disk::kick, &Disk::on_kick>(eventp::interest().read())
///                          .watch<&Disk::timer, &Disk::on_timer>(eventp::interest().read())
///                          .register_into(reactor, "disk.img");  // Result of two ids
///
/// An event is dispatched to its member function directly, at the cost of an event of a subscriber
/// with one descriptor. Every descriptor is a registration of its own: it is modified, paused,
/// removed and extracted separately, by its RegistrationId or by the descriptor object.
/// ReactorOps::find<Disk>() returns the Disk for each of them.
///
/// [device.handlers] A member function takes its parameters as any handler does (handler.hpp);
/// `Fd&` is the descriptor object that is watched. The function may be const, noexcept or
/// inherited.
///
/// [device.lifetime] The T is destroyed when its last registration is. It is never destroyed while
/// one of its member functions is running, even if that function removes every registration, nor
/// while an AnySubscriber that extract() returned for one of them exists. The rules of
/// ReactorOps::remove() hold for each registration.
///
/// [device.after_fork] If T has `void after_fork(ReactorOps&)`, it stays registered when a forked
/// child calls Reactor::reinit_after_fork(). after_fork() is called once, before the descriptors
/// are read again.
///
/// Thread safety:  a registration may be extracted and added to the reactor of another thread; T
///                 must then synchronize its member functions itself. T is destroyed on the thread
///                 that destroys its last registration.
template <typename T, typename... Watches>
class Device {
public:
    static constexpr std::size_t size = sizeof...(Watches);
    /// One id for each watch(), in the order of the calls.
    using Ids = std::array<RegistrationId, size>;

    Device(Device&&) noexcept = default;
    Device& operator=(Device&&) noexcept = default;
    Device(const Device&) = delete;
    Device& operator=(const Device&) = delete;
    ~Device() = default;

    /// False after being moved from, and after add_to() has succeeded.
    [[nodiscard]] explicit operator bool() const noexcept { return owner_ != nullptr; }

    /// The T. Its address never changes.
    [[nodiscard]] T& operator*() const noexcept { return object(); }
    [[nodiscard]] T* operator->() const noexcept { return std::addressof(object()); }

    /// Registers every descriptor, or none. [device.all_or_nothing]
    ///
    /// Effects:        on success the reactor owns the T and this object is empty. On an error,
    ///                 the descriptors that were registered are unregistered before any event of
    ///                 them is dispatched, and this object still owns the T: add_to() may be called
    ///                 again.
    /// Errors:         those of ReactorOps::add(), for any of the descriptors.
    ///                 file_exists: also if two of the descriptors are the same.
    ///                 invalid_argument: this object is empty.
    /// Throws:         std::bad_alloc, with the same guarantee.
    [[nodiscard]] Result<Ids> add_to(ReactorOps& reactor) {
        if (owner_ == nullptr) {
            return detail::error(std::errc::invalid_argument);
        }
        make_missing(std::index_sequence_for<Watches...>{});
        Attempt attempt{*this, reactor};
        while (attempt.done < size) {
            const auto added = reactor.add(parts_[attempt.done]);
            if (!added) {
                return std::unexpected{added.error()};
            }
            attempt.ids[attempt.done++] = *added;
        }
        attempt.device = nullptr;
        parts_ = {};
        owner_.reset();
        return attempt.ids;
    }

private:
    template <typename, typename...>
    friend class DeviceLayout;

    using Interests = std::array<Interest, size>;

    struct DropObjectRef {
        void operator()(detail::Block* block) const noexcept { detail::drop_object_ref<T>(block); }
    };

    /// Unregisters what was registered, unless all of it was.
    struct Attempt {
        Attempt(Device& of, ReactorOps& with) noexcept : device{&of}, reactor{with} {}
        Attempt(const Attempt&) = delete;
        Attempt& operator=(const Attempt&) = delete;
        ~Attempt() {
            while (device != nullptr && done-- > 0) {
                AnySubscriber& part = device->parts_[done];
                part = reactor.extract(ids[done]);
                if (!part) {
                    // In a handler, if the kernel may still hold the address of the slot: the slot
                    // is quarantined, and the next attempt makes another one.
                    static_cast<void>(reactor.remove(ids[done]));
                }
            }
        }

        Device* device;
        ReactorOps& reactor;
        Ids ids{};
        std::size_t done = 0;
    };

    Device(detail::Block* block, const Interests& interests) noexcept
        : owner_{block}, interests_{interests} {
        make_all(std::index_sequence_for<Watches...>{});
    }

    template <typename... Args>
    [[nodiscard]] static Device make(const Interests& interests, Args&&... args) {
        struct DropMemoryRef {
            void operator()(detail::Block* block) const noexcept { detail::drop_memory_ref(block); }
        };
        std::unique_ptr<detail::Block, DropMemoryRef> memory{
            detail::allocate_block(sizeof(T), alignof(T), size)};
        // Safety: allocate_block() allocated memory for a T, aligned for it, after the block.
        std::construct_at(static_cast<T*>(detail::object_of(memory.get())),
                          std::forward<Args>(args)...);
        return Device{memory.release(), interests};
    }

    template <std::size_t... Index>
    void make_all(std::index_sequence<Index...> /*each*/) noexcept {
        (begin<Index, Watches>(detail::make_slot_in(owner_.get(), sizeof(T), Index)), ...);
    }

    /// Throws std::bad_alloc; the slots that were made are kept.
    template <std::size_t... Index>
    void make_missing(std::index_sequence<Index...> /*each*/) {
        ((parts_[Index] ? void() : begin<Index, Watches>(another_slot())), ...);
    }
    [[nodiscard]] detail::Slot* another_slot() const {
        detail::Slot* slot = detail::allocate_slot(sizeof(void*), alignof(void*));
        ::new (detail::value_of(slot)) void* {detail::object_of(owner_.get())};
        return slot;
    }

    template <std::size_t Index, typename Watched>
    void begin(detail::Slot* slot) noexcept {
        slot->operations = detail::DevicePart<T, Watched>::table.modes;
        slot->live.interest = interests_[Index].bits();
        detail::add_object_ref(owner_.get());
        parts_[Index] = detail::SlotAccess::own(slot);
    }

    [[nodiscard]] T& object() const noexcept {
        return *static_cast<T*>(detail::object_of(owner_.get()));
    }

    std::unique_ptr<detail::Block, DropObjectRef> owner_;
    std::array<AnySubscriber, size> parts_;
    Interests interests_;
};

/// The descriptors of a device of type T, and the member function that is called for each. A value
/// that can be used for any number of devices.
/// Thread safety:  like an int.
template <typename T, typename... Watches>
class DeviceLayout {
public:
    /// Returns this layout with one more descriptor.
    ///
    /// `Where` is a data member of T that is a Descriptor, or a member function or captureless
    /// lambda that returns one: `[](Disk& disk) -> OwnedFd& { return disk.queues[1].kick; }`. It is
    /// evaluated when the descriptor is registered and when it is resumed. `Function` is the member
    /// function that is called for its events.
    template <auto Where, auto Function>
    [[nodiscard]] constexpr auto watch(Interest interest) const {
        static_assert(detail::check_where<T, Where>() && detail::check_function<T, Function>());
        using Longer = DeviceLayout<T, Watches..., detail::Watch<Where, Function>>;
        typename Longer::Interests all{};
        for (std::size_t i = 0; i < interests_.size(); ++i) {
            all[i] = interests_[i];
        }
        all.back() = interest;
        return Longer{all};
    }

    /// Constructs a T in one allocation together with everything that registering it needs
    /// [device.one_allocation]. T is never moved and need not be movable. [device.build]
    /// Throws std::bad_alloc, and what the constructor of T throws; nothing is leaked.
    template <typename... Args>
        requires std::constructible_from<T, Args...>
    [[nodiscard]] Device<T, Watches...> build(Args&&... args) const {
        static_assert(sizeof...(Watches) > 0,
                      "eventp: a device needs at least one descriptor: call watch()");
        return Device<T, Watches...>::make(interests_, std::forward<Args>(args)...);
    }

    /// Constructs a T and registers it. If Device::add_to() fails, the T is destroyed; to keep it,
    /// use build() and add_to(). [device.register]
    template <typename... Args>
        requires std::constructible_from<T, Args...>
    [[nodiscard]] auto register_into(ReactorOps& reactor, Args&&... args) const {
        auto device = build(std::forward<Args>(args)...);
        return device.add_to(reactor);
    }

private:
    template <typename, typename...>
    friend class DeviceLayout;
    template <typename U>
    friend constexpr DeviceLayout<U> device() noexcept;

    using Interests = std::array<Interest, sizeof...(Watches)>;

    constexpr explicit DeviceLayout(const Interests& interests) noexcept : interests_{interests} {}

    Interests interests_;
};

/// An empty layout, to begin a chain: `device<T>().watch<...>(...)...`.
template <typename T>
[[nodiscard]] constexpr DeviceLayout<T> device() noexcept {
    static_assert(
        std::is_class_v<T> && !std::is_const_v<T> && std::destructible<T>,
        "eventp: the type of a device must be a class that is not const and is destructible");
    return DeviceLayout<T>{typename DeviceLayout<T>::Interests{}};
}

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE
