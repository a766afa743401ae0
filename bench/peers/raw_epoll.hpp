// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <sys/epoll.h>
#include <unistd.h>

#include "../work.hpp"

namespace bench {

/// The floor: the loop of epoll(7), "Example for suggested usage", with a pointer to {function,
/// context} in epoll_event.data and no protection against what handlers do to the loop.
/// https://man7.org/linux/man-pages/man7/epoll.7.html
template <typename Work>
class RawEpoll {
public:
    static constexpr const char* name = "raw_epoll";

    RawEpoll(std::size_t capacity, Tally& tally) : events_(capacity), tally_{&tally} {}
    RawEpoll(const RawEpoll&) = delete;
    RawEpoll& operator=(const RawEpoll&) = delete;
    ~RawEpoll() { ::close(set_); }

    void add(int fd) {
        auto& source = sources_.emplace_back(new Source{&on_ready, fd, tally_});
        control(EPOLL_CTL_ADD, fd, EPOLLIN, source.get());
    }
    void add_object(std::span<const int, 4> fds) {
        auto& object = objects_.emplace_back(new Object);
        for (std::size_t i = 0; i < fds.size(); ++i) {
            object->parts[i] = {&on_ready, fds[i], tally_};
            control(EPOLL_CTL_ADD, fds[i], EPOLLIN, &object->parts[i]);
        }
    }
    void remove_last() {
        ::epoll_ctl(set_, EPOLL_CTL_DEL, sources_.back()->fd, nullptr);
        sources_.pop_back();
    }
    void modify_last(bool also_writing) {
        Source& last = *sources_.back();
        control(EPOLL_CTL_MOD, last.fd, also_writing ? EPOLLIN | EPOLLOUT : EPOLLIN, &last);
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
    struct Source {
        void (*handler)(Source& source, std::uint32_t events);
        int fd;
        Tally* tally;
    };
    struct Object {
        std::array<Source, 4> parts;
    };

    static void on_ready(Source& source, std::uint32_t /*events*/) {
        Work::handle(source.fd, *source.tally);
    }

    void control(int operation, int fd, int events, Source* source) const {
        epoll_event event{};
        event.events = static_cast<std::uint32_t>(events);
        event.data.ptr = source;
        ::epoll_ctl(set_, operation, fd, &event);
    }

    void dispatch(int timeout_ms) {
        const int ready =
            ::epoll_wait(set_, events_.data(), static_cast<int>(events_.size()), timeout_ms);
        const epoll_event* const end = events_.data() + std::max(ready, 0);
        for (const epoll_event* event = events_.data(); event < end; ++event) {
            auto* source = static_cast<Source*>(event->data.ptr);
            source->handler(*source, event->events);
        }
    }

    int set_ = ::epoll_create1(EPOLL_CLOEXEC);
    std::vector<epoll_event> events_;
    Tally* tally_;
    std::vector<std::unique_ptr<Source>> sources_;
    std::vector<std::unique_ptr<Object>> objects_;
    bool stopped_ = false;
};

}  // namespace bench
