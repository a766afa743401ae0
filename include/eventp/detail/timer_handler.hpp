// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include <eventp/detail/parameter_invoker.hpp>
#include <eventp/detail/signature.hpp>
#include <eventp/reactor_ops.hpp>
#include <eventp/timer_id.hpp>

namespace eventp::inline EVENTP_ABI_NAMESPACE::detail {

/// The parameters that the handler of a timer may have: see ParameterInvoker.
struct TimerParameters {
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): all members are initialised.
    struct Arguments {
        TimerId id;
        Expirations expirations;
        ReactorOps& reactor;
        bool has_ended = false;
    };
    using Parameters = TypeList<TimerId, Expirations, ReactorOps&>;

    template <typename A>
    static constexpr bool is_parameter =
        is_reference_to<A, ReactorOps> || ((std::is_same_v<std::remove_cvref_t<A>, TimerId> ||
                                            std::is_same_v<std::remove_cvref_t<A>, Expirations>) &&
                                           !std::is_rvalue_reference_v<A>);

    template <bool Allowed>
    static consteval void refuse_unless() {
        static_assert(Allowed,
                      "eventp: a timer's handler takes any of TimerId, Expirations and "
                      "ReactorOps&");
    }

    template <typename A>
    static constexpr decltype(auto) pick(Arguments& from) noexcept {
        using T = std::remove_cvref_t<A>;
        if constexpr (std::is_same_v<T, TimerId>) {
            return (from.id);
        } else if constexpr (std::is_same_v<T, Expirations>) {
            return (from.expirations);
        } else {
            return (from.reactor);
        }
    }

    static constexpr void end(Arguments& from) noexcept { from.has_ended = true; }
};

/// A type-erased timer handler of five words. Callables of up to four words are stored inline,
/// larger ones on the heap. Neither copyable nor movable: it is constructed in its final location.
class TimerHandler {
public:
    TimerHandler() noexcept = default;
    TimerHandler(const TimerHandler&) = delete;
    TimerHandler& operator=(const TimerHandler&) = delete;
    ~TimerHandler() { reset(); }

    template <typename Stored>
    static constexpr bool is_stored_inline =
        sizeof(Stored) <= 4 * sizeof(void*) && alignof(Stored) <= alignof(void*);
    /// True if emplace() runs no code of the user and no allocation.
    template <typename F>
    static constexpr bool is_plain =
        is_stored_inline<std::decay_t<F>> && std::is_trivially_constructible_v<std::decay_t<F>, F>;

    /// Requires that it is empty; it stays empty if the handler's constructor throws.
    template <typename F>
    void emplace(F&& handler) {
        using Stored = std::decay_t<F>;
        if constexpr (is_stored_inline<Stored>) {
            std::construct_at(reinterpret_cast<Stored*>(storage_.data()), std::forward<F>(handler));
            operations_ = &OperationsOf<Stored, Stored>::operations;
        } else {
            using Owner = std::unique_ptr<Stored>;
            std::construct_at(reinterpret_cast<Owner*>(storage_.data()),
                              std::make_unique<Stored>(std::forward<F>(handler)));
            operations_ = &OperationsOf<Stored, Owner>::operations;
        }
    }

    /// Returns false if the timer has to be cancelled.
    [[nodiscard]] bool operator()(TimerId id, Expirations expirations, ReactorOps& reactor) {
        TimerParameters::Arguments arguments{
            .id = id, .expirations = expirations, .reactor = reactor};
        operations_->call(storage_.data(), arguments);
        return !arguments.has_ended;
    }

    /// reset() runs user code.
    [[nodiscard]] bool has_destructor() const noexcept {
        return operations_ != nullptr && operations_->destroy != nullptr;
    }
    void reset() noexcept {
        const Operations* operations = std::exchange(operations_, nullptr);
        if (operations != nullptr && operations->destroy != nullptr) {
            operations->destroy(storage_.data());
        }
    }

private:
    struct Operations {
        void (*call)(std::byte* storage, TimerParameters::Arguments& arguments);
        void (*destroy)(std::byte* storage) noexcept;  // null: trivial
    };

    /// `Stored` is the type of the object in the storage: the handler, or a pointer that owns it.
    template <typename F, typename Stored>
    struct OperationsOf {
        // Safety: emplace() made a Stored there, together with these operations.
        static Stored& get(std::byte* storage) noexcept {
            return *std::launder(reinterpret_cast<Stored*>(storage));
        }
        static void call(std::byte* storage, TimerParameters::Arguments& arguments) {
            if constexpr (std::is_same_v<F, Stored>) {
                ParameterInvoker<TimerParameters, F>::call(get(storage), arguments);
            } else {
                ParameterInvoker<TimerParameters, F>::call(*get(storage), arguments);
            }
        }
        static void destroy(std::byte* storage) noexcept { std::destroy_at(&get(storage)); }

        [[gnu::visibility("hidden")]] static constexpr Operations operations{
            &call, std::is_trivially_destructible_v<Stored> ? nullptr : &destroy};
    };

    const Operations* operations_ = nullptr;
    alignas(void*) std::array<std::byte, 4 * sizeof(void*)> storage_{};
};
static_assert(sizeof(TimerHandler) == 5 * sizeof(void*));

/// A reference to a callable that constructs a handler in its final location. Valid for one call.
class TimerHandlerMaker {
public:
    template <typename Make>
        requires(!std::same_as<Make, TimerHandlerMaker>)
    explicit TimerHandlerMaker(const Make& make) noexcept
        : make_{&make},
          call_{[](const void* self, TimerHandler& at) { (*static_cast<const Make*>(self))(at); }} {
    }

    void operator()(TimerHandler& at) const { call_(make_, at); }

private:
    const void* make_;
    void (*call_)(const void* make, TimerHandler& at);
};

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE::detail
