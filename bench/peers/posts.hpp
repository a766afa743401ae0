// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <future>
#include <mutex>
#include <utility>
#include <vector>

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace bench {

/// A queue with a lock, and a wake-up only when it was empty: users write this for a loop that can
/// be woken but takes no closures.
template <typename Waker>
class LockedPosts {
public:
    static constexpr const char* name = Waker::name;

    template <typename F>
    void post(F closure) {
        bool was_empty = false;
        {
            const std::lock_guard lock{mutex_};
            was_empty = posted_.empty();
            posted_.emplace_back(std::move(closure));
        }
        if (was_empty) {
            waker_.wake();
        }
    }
    void call() {
        std::promise<void> done;
        post([&done] { done.set_value(); });
        done.get_future().wait();
    }
    void run() { waker_.run(); }
    void stop() { waker_.stop(); }

private:
    static void on_wake(void* self) {
        auto& posts = *static_cast<LockedPosts*>(self);
        {
            const std::lock_guard lock{posts.mutex_};
            posts.running_.swap(posts.posted_);
        }
        for (auto& closure : posts.running_) {
            closure();
        }
        posts.running_.clear();
    }

    std::mutex mutex_;
    std::vector<std::move_only_function<void()>> posted_, running_;
    Waker waker_{&on_wake, this};
};

/// The floor: an eventfd(2) in a bare loop.
class RawWaker {
public:
    static constexpr const char* name = "raw_epoll";

    RawWaker(void (*on_wake)(void*), void* context) : on_wake_{on_wake}, context_{context} {
        epoll_event event{};
        event.events = EPOLLIN | EPOLLET;  // so that it need not be read
        ::epoll_ctl(set_, EPOLL_CTL_ADD, wakeup_, &event);
    }
    RawWaker(const RawWaker&) = delete;
    RawWaker& operator=(const RawWaker&) = delete;
    ~RawWaker() {
        ::close(wakeup_);
        ::close(set_);
    }

    void wake() const { ::eventfd_write(wakeup_, 1); }
    void run() {
        stopped_ = false;
        while (!stopped_) {
            epoll_event event{};
            if (::epoll_wait(set_, &event, 1, -1) > 0) {
                on_wake_(context_);
            }
        }
    }
    void stop() { stopped_ = true; }

private:
    int set_ = ::epoll_create1(EPOLL_CLOEXEC);
    int wakeup_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    void (*on_wake_)(void*);
    void* context_;
    bool stopped_ = false;
};

}  // namespace bench
