// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <ostream>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

#include <eventp/detail/slot_access.hpp>
#include <eventp/reactor_ops.hpp>

namespace eventp::inline EVENTP_ABI_NAMESPACE {

// Used by gmock to print the values of an expectation that fails.
// NOLINTBEGIN(readability-identifier-naming): the name is gmock's.
inline void PrintTo(Interest interest, std::ostream* out) {
    *out << to_string(interest);
}
inline void PrintTo(Event event, std::ostream* out) {
    *out << to_string(event);
}
inline void PrintTo(RegistrationId id, std::ostream* out) {
    *out << to_string(id);
}
inline void PrintTo(const RegistrationKey& key, std::ostream* out) {
    *out << key.fd() << '#' << key.generation();
}
// NOLINTEND(readability-identifier-naming)

namespace testing {

/// A ReactorOps for unit tests of handlers. Every operation is a gmock method that by default does
/// what a Reactor does, without system calls. [mock.methods]
///
///     NiceMock<MockReactor> reactor;
///     EXPECT_CALL(reactor, add);                     // the subscriber is registered as well
///     fire(listener, Event{EPOLLIN}, reactor);       // fire.hpp
///     fire(BorrowedFd{7}, Event{EPOLLIN}, reactor);  // the subscriber that the handler has added
///
/// The defaults, which ON_CALL or an action of EXPECT_CALL replaces:
///
/// add             registers the subscriber under its descriptor, with a generation of its own.
///                 Any descriptor that is not negative is accepted, open or not. Fails as
///                 ReactorOps::add() does, except for the errors of the kernel. [mock.keeps]
/// modify          changes the interest, or fails as ReactorOps::modify() does. [mock.modify]
/// remove          destroys the subscriber; if fire() is calling a handler, when that has returned.
/// remove_now      destroys the subscriber at once, except the one whose handler fire() is calling.
///                 [mock.remove]
/// destroy_removed destroys what remove() has removed while fire() is calling a handler.
/// extract         returns the subscriber, except the one whose handler fire() is calling.
///                 [mock.extract]
/// contains        returns whether a subscriber is registered. [mock.contains]
/// requeue         returns true for the subscriber whose handler fire() is calling, else false;
///                 it does nothing else. [mock.requeue]
/// feed_event      returns what a Reactor does; it does nothing else. [mock.requeue]
/// stop            does nothing.
///
/// Subscribers that are registered are destroyed with the mock; add() fails with operation_canceled
/// then.
/// Not for:        what the kernel does: errors of epoll_ctl(2), stale entries, order of events.
/// Not promised:   that fd() of a paused subscriber is called when it is resumed.
/// Thread safety:  thread-bound.
class MockReactor : public ReactorOps {
public:
    MockReactor() { behave_like_a_reactor(); }
    MockReactor(const MockReactor&) = delete;
    MockReactor& operator=(const MockReactor&) = delete;
    virtual ~MockReactor() {
        closing_ = true;
        while (!kept_.empty()) {
            const AnySubscriber last = take_out(kept_.end() - 1);
        }
    }

    MOCK_METHOD(Result<RegistrationId>, add, (AnySubscriber & subscriber), (override));
    MOCK_METHOD(Result<>, modify, (RegistrationKey key, Interest interest), (override));
    MOCK_METHOD(bool, remove, (RegistrationKey key), (override));
    MOCK_METHOD(bool, remove_now, (RegistrationKey key), (override));
    MOCK_METHOD(void, destroy_removed, (), (override));
    MOCK_METHOD(AnySubscriber, extract, (RegistrationKey key), (override));
    MOCK_METHOD(bool, contains, (RegistrationKey key), (const, override));
    MOCK_METHOD(bool, requeue, (RegistrationKey key), (override));
    MOCK_METHOD(bool, feed_event, (RegistrationKey key, Event event), (override));
    // NOLINTNEXTLINE(bugprone-exception-escape): an action that throws ends the test.
    MOCK_METHOD(void, stop, (), (noexcept, override));

    // These are not gmock methods: they return what the operations have left. [mock.inspects]
    [[nodiscard]] Interest interest_of(RegistrationKey key) const override {
        const auto found = find_kept(key);
        return found == kept_.end() ? Interest{} : Interest{slot_of(*found).live.interest};
    }
    [[nodiscard]] std::size_t size() const noexcept override { return kept_.size(); }

private:
    [[nodiscard]] void* find_value(RegistrationKey key, const void* type_key) override {
        const auto found = find_kept(key);
        if (found == kept_.end() || is_fired(slot_of(*found))) {
            return nullptr;
        }
        detail::Slot& slot = slot_of(*found);
        return slot.operations->find(&slot, type_key);
    }

    enum class When : std::uint8_t { after_the_handler, now };
    using Kept = std::vector<AnySubscriber>;

    friend void fire(RegistrationKey key, Event event, MockReactor& reactor);

    /// A handler on the stack. Subscribers that it removed are destroyed with the outermost scope.
    class Firing {
    public:
        Firing(MockReactor& reactor, const detail::Slot& slot) : reactor_{reactor} {
            reactor_.fired_.push_back(&slot);
        }
        Firing(const Firing&) = delete;
        Firing& operator=(const Firing&) = delete;
        ~Firing() {
            reactor_.fired_.pop_back();
            if (reactor_.fired_.empty()) {
                reactor_.destroy_retired();
            }
        }

    private:
        MockReactor& reactor_;
    };

    static detail::Slot& slot_of(const AnySubscriber& subscriber) noexcept {
        return *detail::SlotAccess::slot_of(subscriber);
    }

    [[nodiscard]] Kept::const_iterator find_kept(const RegistrationKey& key) const {
        return std::ranges::find_if(kept_, [&key](const AnySubscriber& kept) {
            const detail::Slot& slot = slot_of(kept);
            return slot.fd == key.fd() &&
                   (key.generation() == 0 || key.generation() == slot.live.generation);
        });
    }
    [[nodiscard]] std::size_t index_of(Kept::const_iterator position) const {
        return static_cast<std::size_t>(position - kept_.begin());
    }
    /// Destroys what was removed, except the subscribers whose handlers are fired.
    void destroy_retired() {
        const auto is_unused = [this](const AnySubscriber& each) {
            return !is_fired(slot_of(each));
        };
        for (auto found = std::ranges::find_if(retired_, is_unused); found != retired_.end();
             found = std::ranges::find_if(retired_, is_unused)) {
            const AnySubscriber last = std::move(*found);  // its destructor may remove more
            retired_.erase(found);
        }
    }
    [[nodiscard]] bool is_fired(const detail::Slot& slot) const {
        return std::ranges::find(fired_, &slot) != fired_.end();
    }

    /// Unregisters a subscriber before it is destroyed: its destructor may use the mock.
    [[nodiscard]] AnySubscriber take_out(Kept::const_iterator position) {
        AnySubscriber out = std::move(kept_[index_of(position)]);
        kept_.erase(position);
        return out;
    }

    void behave_like_a_reactor() {
        using ::testing::_;
        ON_CALL(*this, add(_)).WillByDefault([this](AnySubscriber& subscriber) {
            return keep(subscriber);
        });
        ON_CALL(*this, modify(_, _)).WillByDefault([this](RegistrationKey key, Interest interest) {
            return change(key, interest);
        });
        ON_CALL(*this, remove(_)).WillByDefault([this](RegistrationKey key) {
            return drop(key, When::after_the_handler);
        });
        ON_CALL(*this, remove_now(_)).WillByDefault([this](RegistrationKey key) {
            return drop(key, When::now);
        });
        ON_CALL(*this, destroy_removed()).WillByDefault([this] { destroy_retired(); });
        ON_CALL(*this, extract(_)).WillByDefault([this](RegistrationKey key) {
            const auto found = find_kept(key);
            return found == kept_.end() || is_fired(slot_of(*found)) ? AnySubscriber{}
                                                                     : take_out(found);
        });
        ON_CALL(*this, contains(_)).WillByDefault([this](RegistrationKey key) {
            return find_kept(key) != kept_.end();
        });
        ON_CALL(*this, requeue(_)).WillByDefault([this](RegistrationKey key) {
            const auto found = find_kept(key);
            return found != kept_.end() && is_fired(slot_of(*found)) &&
                   !Interest{slot_of(*found).live.interest}.is_empty();
        });
        ON_CALL(*this, feed_event(_, _)).WillByDefault([this](RegistrationKey key, Event event) {
            const Interest interest = interest_of(key);
            return !interest.is_empty() && !interest.is_oneshot() &&
                   (event.bits() & (interest.bits() | EPOLLERR | EPOLLHUP)) != 0;
        });
    }

    [[nodiscard]] Result<RegistrationId> keep(AnySubscriber& subscriber) {
        if (closing_) {
            return detail::error(std::errc::operation_canceled);
        }
        if (!subscriber || !Interest{slot_of(subscriber).live.interest}.is_valid()) {
            return detail::error(std::errc::invalid_argument);
        }
        detail::Slot& slot = slot_of(subscriber);
        const int number = slot.operations->descriptor(&slot);
        if (number < 0) {
            return detail::error(std::errc::bad_file_descriptor);
        }
        if (find_kept(BorrowedFd{number}) != kept_.end()) {
            return detail::error(std::errc::file_exists);
        }
        kept_.emplace_back();
        kept_.back() = std::move(subscriber);
        slot.fd = number;
        slot.live.generation = ++last_generation;
        return RegistrationId{slot.fd, slot.live.generation};
    }

    [[nodiscard]] Result<> change(const RegistrationKey& key, Interest interest) {
        const auto found = find_kept(key);
        if (found == kept_.end()) {
            return detail::error(std::errc::no_such_file_or_directory);
        }
        detail::Slot& slot = slot_of(*found);
        const Interest stored{slot.live.interest};
        const bool is_watched_before_and_after = !interest.is_empty() && !stored.is_empty();
        if (!interest.is_valid() ||
            (is_watched_before_and_after && (interest.is_exclusive() || stored.is_exclusive()))) {
            return detail::error(std::errc::invalid_argument);
        }
        slot.live.interest = interest.bits();
        return {};
    }

    bool drop(const RegistrationKey& key, When when) {
        const auto found = find_kept(key);
        if (found == kept_.end()) {
            return false;
        }
        AnySubscriber dropped = take_out(found);
        const bool at_once = when == When::now && !is_fired(slot_of(dropped));
        if (!fired_.empty() && !at_once) {
            retired_.push_back(std::move(dropped));
        }
        return true;
    }

    inline static std::atomic<std::uint32_t> last_generation = 0;  // of all mocks, as a Reactor's

    Kept kept_;
    Kept retired_;  // removed while a handler was fired
    std::vector<const detail::Slot*> fired_;
    bool closing_ = false;
};

}  // namespace testing
}  // namespace eventp::inline EVENTP_ABI_NAMESPACE
