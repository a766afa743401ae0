// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include <sys/epoll.h>
#include <unistd.h>

#include "../work.hpp"
#include "flat_map.hpp"

namespace bench {

/// A design, not a library: the kernel carries a token, and the user keeps a hash table from tokens
/// to closures, with a cheap hash. Users of readiness queues such as mio write this.
/// https://docs.rs/mio/latest/mio/struct.Token.html
template <typename Work>
class DesignTokenTable {
public:
    static constexpr const char* name = "design_token_table";

    DesignTokenTable(std::size_t capacity, Tally& tally) : events_(capacity), tally_{&tally} {}
    DesignTokenTable(const DesignTokenTable&) = delete;
    DesignTokenTable& operator=(const DesignTokenTable&) = delete;
    ~DesignTokenTable() { ::close(set_); }

    void add(int fd) {
        const std::uint64_t token = next_token_++;
        handlers_.insert(token, OnReady{fd, tally_});
        last_.push_back({token, fd});
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.u64 = token;
        ::epoll_ctl(set_, EPOLL_CTL_ADD, fd, &event);
    }
    void add_object(std::span<const int, 4> fds) {
        for (const int fd : fds) {
            add(fd);
        }
    }
    void remove_last() {
        ::epoll_ctl(set_, EPOLL_CTL_DEL, last_.back().fd, nullptr);
        handlers_.erase(last_.back().token);
        last_.pop_back();
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
    struct OnReady {
        int fd;
        Tally* tally;
        void operator()(std::uint32_t /*events*/) const { Work::handle(fd, *tally); }
    };
    /// The hash that rustc itself uses for numbers, rotated because the table takes the low bits.
    struct CheapHash {
        std::uint64_t operator()(std::uint64_t token) const noexcept {
            return std::rotl(token * 0x517cc1b727220a95U, 26);
        }
    };
    struct Added {
        std::uint64_t token;
        int fd;
    };

    void dispatch(int timeout_ms) {
        const int ready =
            ::epoll_wait(set_, events_.data(), static_cast<int>(events_.size()), timeout_ms);
        const epoll_event* const end = events_.data() + std::max(ready, 0);
        for (const epoll_event* at = events_.data(); at < end; ++at) {
            const epoll_event event = *at;
            if (auto* handler = handlers_.find(event.data.u64); handler != nullptr) {
                (*handler)(event.events);
            }
        }
    }

    int set_ = ::epoll_create1(EPOLL_CLOEXEC);
    std::vector<epoll_event> events_;
    Tally* tally_;
    FlatMap<std::move_only_function<void(std::uint32_t)>, CheapHash> handlers_;
    std::vector<Added> last_;
    std::uint64_t next_token_ = 0;
    bool stopped_ = false;
};

}  // namespace bench
