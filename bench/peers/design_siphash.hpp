// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include <sys/epoll.h>
#include <unistd.h>

#include "../work.hpp"
#include "flat_map.hpp"
#include "sip_hash.hpp"

namespace bench {

/// A design, not a library: descriptor to id, id to subscriber, both with SipHash; a subscriber
/// with several descriptors looks its own one up in a third table. The design of rust-vmm's
/// event-manager.
/// https://docs.rs/event-manager/latest/event_manager/
template <typename Work>
class DesignSiphash {
public:
    static constexpr const char* name = "design_siphash";

    DesignSiphash(std::size_t capacity, Tally& tally) : events_(capacity), tally_{&tally} {}
    DesignSiphash(const DesignSiphash&) = delete;
    DesignSiphash& operator=(const DesignSiphash&) = delete;
    ~DesignSiphash() { ::close(set_); }

    void add(int fd) {
        subscribers_.insert(next_id_, std::make_unique<OneFd>(fd, tally_));
        watch(fd);
        last_.push_back({next_id_++, fd});
    }
    void add_object(std::span<const int, 4> fds) {
        auto object = std::make_unique<SeveralFds>(tally_);
        for (const int fd : fds) {
            object->fds.insert(static_cast<std::uint64_t>(fd), int{fd});
            watch(fd);
        }
        subscribers_.insert(next_id_++, std::move(object));
    }
    void remove_last() {
        const Added added = last_.back();
        last_.pop_back();
        ::epoll_ctl(set_, EPOLL_CTL_DEL, added.fd, nullptr);
        ids_.erase(static_cast<std::uint64_t>(added.fd));
        subscribers_.erase(added.id);
    }

    void turn(std::size_t /*ready*/) { dispatch(/*timeout_ms=*/0); }
    void run() {
        stopped_ = false;
        while (!stopped_) {
            dispatch(/*timeout_ms=*/-1);
        }
    }
    void stop() { stopped_ = true; }

private:
    struct Subscriber {
        explicit Subscriber(Tally* all) : tally{all} {}
        Subscriber(const Subscriber&) = delete;
        Subscriber& operator=(const Subscriber&) = delete;
        virtual ~Subscriber() = default;
        virtual void process(int fd, std::uint32_t events) = 0;
        Tally* tally;
    };
    struct OneFd final : Subscriber {
        OneFd(int own, Tally* all) : Subscriber{all}, owned{own} {}
        void process(int /*fd*/, std::uint32_t /*events*/) override {
            Work::handle(owned, *this->tally);
        }
        int owned;
    };
    struct SeveralFds final : Subscriber {
        using Subscriber::Subscriber;
        void process(int fd, std::uint32_t /*events*/) override {
            if (const int* owned = fds.find(static_cast<std::uint64_t>(fd)); owned != nullptr) {
                Work::handle(*owned, *this->tally);
            }
        }
        FlatMap<int, SipHash13> fds;
    };
    struct Added {
        std::uint64_t id;
        int fd;
    };

    void watch(int fd) {
        ids_.insert(static_cast<std::uint64_t>(fd), std::uint64_t{next_id_});
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.fd = fd;
        ::epoll_ctl(set_, EPOLL_CTL_ADD, fd, &event);
    }

    void dispatch(int timeout_ms) {
        const int ready =
            ::epoll_wait(set_, events_.data(), static_cast<int>(events_.size()), timeout_ms);
        const epoll_event* const end = events_.data() + std::max(ready, 0);
        for (const epoll_event* at = events_.data(); at < end; ++at) {
            const epoll_event event = *at;
            const auto* id = ids_.find(static_cast<std::uint64_t>(event.data.fd));
            if (id == nullptr) {
                continue;
            }
            if (auto* subscriber = subscribers_.find(*id); subscriber != nullptr) {
                (*subscriber)->process(event.data.fd, event.events);
            }
        }
    }

    int set_ = ::epoll_create1(EPOLL_CLOEXEC);
    std::vector<epoll_event> events_;
    Tally* tally_;
    FlatMap<std::uint64_t, SipHash13> ids_;
    FlatMap<std::unique_ptr<Subscriber>, SipHash13> subscribers_;
    std::vector<Added> last_;
    std::uint64_t next_id_ = 0;
    bool stopped_ = false;
};

}  // namespace bench
