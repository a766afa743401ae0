// SPDX-License-Identifier: MIT
#pragma once

#include <utility>

#include <eventp/platform.hpp>

namespace eventp::inline EVENTP_ABI_NAMESPACE {

class ReactorOps;

namespace detail {

class WeakLinks;

/// A node in the list of the WeakReactors of a reactor.
class WeakLink {
public:
    WeakLink() noexcept = default;
    WeakLink(const WeakLink&) = delete;
    WeakLink& operator=(const WeakLink&) = delete;
    ~WeakLink() { unlink(); }

    inline void link(ReactorOps& reactor, WeakLinks& links) noexcept;
    void unlink() noexcept {
        if (reactor_ != nullptr) {
            *at_ = next_;
            if (next_ != nullptr) {
                next_->at_ = at_;
            }
            reactor_ = nullptr;
        }
    }
    [[nodiscard]] ReactorOps* reactor() const noexcept { return reactor_; }

private:
    ReactorOps* reactor_ = nullptr;  // null: in no list, and the others are not valid
    WeakLink* next_ = nullptr;
    WeakLink** at_ = nullptr;  // the pointer to this one
};

class WeakLinks {
public:
    WeakLinks() noexcept = default;
    WeakLinks(const WeakLinks&) = delete;
    WeakLinks& operator=(const WeakLinks&) = delete;
    ~WeakLinks() {
        while (first_ != nullptr) {
            first_->unlink();
        }
    }

private:
    friend class WeakLink;
    WeakLink* first_ = nullptr;
};

void WeakLink::link(ReactorOps& reactor, WeakLinks& links) noexcept {
    unlink();
    reactor_ = &reactor;
    at_ = &links.first_;
    next_ = std::exchange(links.first_, this);
    if (next_ != nullptr) {
        next_->at_ = &next_;
    }
}

}  // namespace detail
}  // namespace eventp::inline EVENTP_ABI_NAMESPACE
