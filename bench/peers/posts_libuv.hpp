// SPDX-License-Identifier: MIT
#pragma once

#include <uv.h>

namespace bench {

/// uv_async_send() wakes the loop; the closures are in the user's queue.
/// https://docs.libuv.org/en/v1.x/guide/threads.html#inter-thread-communication
class LibuvWaker {
public:
    static constexpr const char* name = "libuv";

    LibuvWaker(void (*on_wake)(void*), void* context) : on_wake_{on_wake}, context_{context} {
        uv_loop_init(&loop_);
        uv_async_init(&loop_, &async_, [](uv_async_t* async) {
            const auto& self = *static_cast<LibuvWaker*>(async->data);
            self.on_wake_(self.context_);
        });
        async_.data = this;
    }
    LibuvWaker(const LibuvWaker&) = delete;
    LibuvWaker& operator=(const LibuvWaker&) = delete;
    ~LibuvWaker() {
        uv_close(reinterpret_cast<uv_handle_t*>(&async_), nullptr);
        uv_run(&loop_, UV_RUN_DEFAULT);
        uv_loop_close(&loop_);
    }

    void wake() { uv_async_send(&async_); }
    void run() { uv_run(&loop_, UV_RUN_DEFAULT); }
    void stop() { uv_stop(&loop_); }

private:
    uv_loop_t loop_{};
    uv_async_t async_{};
    void (*on_wake_)(void*);
    void* context_;
};

}  // namespace bench
