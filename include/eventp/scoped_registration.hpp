// SPDX-License-Identifier: MIT
#pragma once

#include <utility>

#include <eventp/detail/weak_link.hpp>
#include <eventp/reactor_ops.hpp>
#include <eventp/registration_id.hpp>

namespace eventp::inline EVENTP_ABI_NAMESPACE {

/// A pointer to a reactor, or a mock, that is null after the reactor was destroyed.
///
/// get() returns the reactor until its destructor has destroyed the subscribers, so that their
/// destructors may use it. [weak_reactor]
/// In a forked child it refers to the child's copy of the reactor.
///
/// Thread safety:  of the thread that may use the reactor, also for copying and destroying this.
///                 That is not checked.
// NOLINTNEXTLINE(cppcoreguidelines-special-member-functions): moving one copies it.
class WeakReactor {
public:
    WeakReactor() noexcept = default;
    explicit WeakReactor(ReactorOps& reactor) noexcept { point_to(&reactor); }
    WeakReactor(const WeakReactor& other) noexcept { point_to(other.get()); }
    // NOLINTNEXTLINE(cert-oop54-cpp): other.get() is read before anything is changed.
    WeakReactor& operator=(const WeakReactor& other) noexcept {
        point_to(other.get());
        return *this;
    }
    ~WeakReactor() = default;

    [[nodiscard]] ReactorOps* get() const noexcept { return link_.reactor(); }

private:
    void point_to(ReactorOps* reactor) noexcept {
        if (reactor == nullptr) {
            link_.unlink();
        } else {
            link_.link(*reactor, *reactor);
        }
    }

    detail::WeakLink link_;
};

/// Removes a subscriber when it is destroyed. It may outlive the reactor.
///
///     class Client {
///         eventp::ScopedRegistration connection_;
///     };
///     connection_ = eventp::ScopedRegistration{reactor, id};
///
/// The destructor calls ReactorOps::remove(), so it may be destroyed in any handler, that of its
/// subscriber included. It does nothing if the subscriber was removed or extracted, or if the
/// reactor was destroyed. [scoped]
///
/// Thread safety:  of the thread that may use the reactor.
/// Movable; a moved-from one has no subscriber.
class ScopedRegistration {
public:
    ScopedRegistration() noexcept = default;
    ScopedRegistration(ReactorOps& reactor, RegistrationId id) noexcept
        : reactor_{reactor}, id_{id} {}
    ScopedRegistration(ScopedRegistration&& other) noexcept
        : reactor_{std::exchange(other.reactor_, {})}, id_{std::exchange(other.id_, {})} {}
    ScopedRegistration& operator=(ScopedRegistration&& other) noexcept {
        ScopedRegistration taken{std::move(other)};
        std::swap(reactor_, taken.reactor_);  // first: the subscriber's destructor may use *this
        std::swap(id_, taken.id_);
        return *this;
    }
    ScopedRegistration(const ScopedRegistration&) = delete;
    ScopedRegistration& operator=(const ScopedRegistration&) = delete;
    // NOLINTNEXTLINE(bugprone-exception-escape): only a mock's action can throw.
    ~ScopedRegistration() { reset(); }

    /// Removes the subscriber now. Returns false if that was not registered any more.
    bool reset() {
        ReactorOps* const reactor = reactor_.get();
        return reactor != nullptr && reactor->remove(release());
    }

    /// Returns the id, and does not remove the subscriber any more.
    RegistrationId release() noexcept {
        reactor_ = {};
        return std::exchange(id_, {});
    }

    [[nodiscard]] RegistrationId id() const noexcept { return id_; }

    /// The reactor exists and the subscriber is registered.
    [[nodiscard]] bool is_registered() const {
        const ReactorOps* const reactor = reactor_.get();
        return reactor != nullptr && reactor->contains(id_);
    }

private:
    WeakReactor reactor_;
    RegistrationId id_;
};

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE
