// SPDX-License-Identifier: MIT
#pragma once

#include <ev.h>

namespace bench {

/// ev_async_send() wakes the loop; the closures are in the user's queue ("Queueing").
/// http://pod.tst.eu/http://cvs.schmorp.de/libev/ev.pod
class LibevWaker {
public:
    static constexpr const char* name = "libev";

    LibevWaker(void (*on_wake)(void*), void* context) : on_wake_{on_wake}, context_{context} {
        ev_async_init(&async_, &on_async);
        async_.data = this;
        ev_async_start(loop_, &async_);
    }
    LibevWaker(const LibevWaker&) = delete;
    LibevWaker& operator=(const LibevWaker&) = delete;
    ~LibevWaker() {
        ev_async_stop(loop_, &async_);
        ev_loop_destroy(loop_);
    }

    void wake() { ev_async_send(loop_, &async_); }
    void run() { ev_run(loop_, 0); }
    void stop() { ev_break(loop_, EVBREAK_ONE); }

private:
    static void on_async(struct ev_loop* /*loop*/, ev_async* async, int /*events*/) {
        const auto& self = *static_cast<LibevWaker*>(async->data);
        self.on_wake_(self.context_);
    }

    struct ev_loop* loop_ = ev_loop_new(unsigned{EVBACKEND_EPOLL} | EVFLAG_NOENV);
    ev_async async_{};
    void (*on_wake_)(void*);
    void* context_;
};

}  // namespace bench
