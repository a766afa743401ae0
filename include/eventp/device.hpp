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
///     const auto names = eventp::device<Disk>()
///                            .watch<&Disk::kick, &Disk::on_kick>(eventp::interest().read())
///                            .watch<&Disk::timer, &Disk::on_timer>(eventp::interest().read())
///                            .register_into(reactor, "disk.img");  // Result of two names
///
/// Each event goes straight to its member function, for what one of a single-descriptor subscriber
/// costs. Every descriptor is a registration like any: it is modified, paused, removed and taken by
/// itself, by its RegistrationId or by the descriptor object. Reactor::find<Disk>() gives the Disk
/// for each of them.
///
/// [device.handlers] A member function takes its parameters as any handler does (handler.hpp);
/// `Fd&` is the descriptor object that it is watched with. It may be const and noexcept, and be
/// inherited.
/// [device.lifetime] The T is destroyed with its last registration, whichever that is: not while
/// one of its member functions runs, also when that function removes all of them, and not before
/// what extract() has handed out of it is destroyed. The rules of ReactorOps::remove() hold for
/// each. [device.after_fork] A T with `void after_fork(ReactorOps&)` stays registered in a forked
/// child that takes the reactor over; that is called once, before the first of its numbers is read
/// anew. Thread safety:  registrations may be taken to reactors of other threads; what is in T is
/// T's to
///                 guard then. The last one destroys it, on its thread.
template <typename T, typename... Watches>
class Device {
public:
    static constexpr std::size_t size = sizeof...(Watches);
    /// One name for each watch(), in their order.
    using Names = std::array<RegistrationId, size>;

    Device(Device&&) noexcept = default;
    Device& operator=(Device&&) noexcept = default;
    Device(const Device&) = delete;
    Device& operator=(const Device&) = delete;
    ~Device() = default;

    /// False after being moved from, and after add_to() has succeeded.
    [[nodiscard]] explicit operator bool() const noexcept { return owner_ != nullptr; }

    /// The T, which stays where it is as long as it lives.
    [[nodiscard]] T& operator*() const noexcept { return object(); }
    [[nodiscard]] T* operator->() const noexcept { return std::addressof(object()); }

    /// Registers every descriptor, or none. [device.all_or_nothing]
    ///
    /// Effects:        on success the reactor owns the T and this is empty. On an error what was
    ///                 registered is taken back before anything of it is reported, and this owns
    ///                 the T still: it may be registered again.
    /// Errors:         those of ReactorOps::add(), for any of them; file_exists also when two
    ///                 descriptors have the same number.
    ///                 invalid_argument: this is empty.
    /// Throws:         std::bad_alloc, with the same guarantee.
    [[nodiscard]] Result<Names> add_to(ReactorOps& reactor) {
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
            attempt.names[attempt.done++] = *added;
        }
        attempt.device = nullptr;
        parts_ = {};
        owner_.reset();
        return attempt.names;
    }

private:
    template <typename, typename...>
    friend class DeviceLayout;

    using Interests = std::array<Interest, size>;

    struct DropObjectRef {
        void operator()(detail::Block* block) const noexcept { detail::drop_object_ref<T>(block); }
    };

    /// Takes back what was registered unless all of it was.
    struct Attempt {
        Attempt(Device& of, ReactorOps& with) noexcept : device{&of}, reactor{with} {}
        Attempt(const Attempt&) = delete;
        Attempt& operator=(const Attempt&) = delete;
        ~Attempt() {
            while (device != nullptr && done-- > 0) {
                AnySubscriber& part = device->parts_[done];
                part = reactor.extract(names[done]);
                if (!part) {
                    // In a handler, for a number that the quarantine holds: the slot is spent, and
                    // the next attempt makes another one.
                    static_cast<void>(reactor.remove(names[done]));
                }
            }
        }

        Device* device;
        ReactorOps& reactor;
        Names names{};
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
        // Safety: allocate_block() made room for a T, aligned for it, behind the block.
        std::construct_at(static_cast<T*>(detail::object_of(memory.get())),
                          std::forward<Args>(args)...);
        return Device{memory.release(), interests};
    }

    template <std::size_t... Index>
    void make_all(std::index_sequence<Index...> /*each*/) noexcept {
        (begin<Index, Watches>(detail::make_slot_in(owner_.get(), sizeof(T), Index)), ...);
    }

    /// Throws std::bad_alloc; nothing is lost.
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

/// What a device of T looks like: which descriptors it has, and what is called for each. A value,
/// to be kept and used for any number of devices.
/// Thread safety:  like an int.
template <typename T, typename... Watches>
class DeviceLayout {
public:
    /// One descriptor more.
    ///
    /// `Where` is a data member of T that is a Descriptor, or a member function or captureless
    /// lambda that gives one: `[](Disk& disk) -> OwnedFd& { return disk.queues[1].kick; }`. It is
    /// asked when the descriptor is registered and when it is resumed. `Function` is the member
    /// function that is called.
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

    /// Makes a T in place, in one allocation with everything that registering it needs
    /// [device.one_allocation]. T never moves, and need not be movable. [device.build]
    /// Throws std::bad_alloc, and what the constructor of T throws: then nothing is left.
    template <typename... Args>
        requires std::constructible_from<T, Args...>
    [[nodiscard]] Device<T, Watches...> build(Args&&... args) const {
        static_assert(sizeof...(Watches) > 0, "eventp: a device has a descriptor: call watch()");
        return Device<T, Watches...>::make(interests_, std::forward<Args>(args)...);
    }

    /// Makes a T and registers it. On an error of Device::add_to() it is destroyed; who wants it
    /// back uses build() and add_to(). [device.register]
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

/// Begins the shape of a device: `device<T>().watch<...>(...)...`.
template <typename T>
[[nodiscard]] constexpr DeviceLayout<T> device() noexcept {
    static_assert(std::is_class_v<T> && !std::is_const_v<T> && std::destructible<T>,
                  "eventp: a device is an object of a class that can be destroyed");
    return DeviceLayout<T>{typename DeviceLayout<T>::Interests{}};
}

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE
