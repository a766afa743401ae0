// SPDX-License-Identifier: MIT
#pragma once

#include <event2/event.h>
#include <event2/thread.h>

namespace bench {

/// event_active() on a user-triggered event wakes a base with locks; the closures are in the
/// user's queue.
/// https://libevent.org/libevent-book/Ref4_event.html
class LibeventWaker {
public:
    static constexpr const char* name = "libevent";

    LibeventWaker(void (*on_wake)(void*), void* context) : on_wake_{on_wake}, context_{context} {
        evthread_use_pthreads();  // for bases that are made from now on
        base_ = event_base_new();
        wakeup_ = event_new(base_, -1, 0, &on_active, this);
    }
    LibeventWaker(const LibeventWaker&) = delete;
    LibeventWaker& operator=(const LibeventWaker&) = delete;
    ~LibeventWaker() {
        event_free(wakeup_);
        event_base_free(base_);
    }

    void wake() { event_active(wakeup_, 0, 0); }
    void run() { event_base_loop(base_, EVLOOP_NO_EXIT_ON_EMPTY); }
    void stop() { event_base_loopbreak(base_); }

private:
    static void on_active(evutil_socket_t /*fd*/, short /*events*/, void* waker) {
        const auto& self = *static_cast<LibeventWaker*>(waker);
        self.on_wake_(self.context_);
    }

    event_base* base_ = nullptr;
    event* wakeup_ = nullptr;
    void (*on_wake_)(void*);
    void* context_;
};

}  // namespace bench
