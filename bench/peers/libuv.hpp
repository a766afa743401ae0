// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include <uv.h>

#include "../work.hpp"

namespace bench {

/// One uv_poll_t for each descriptor: the handle that reports readiness.
/// https://docs.libuv.org/en/v1.x/poll.html
template <typename Work>
class Libuv {
public:
    static constexpr const char* name = "libuv";
    static constexpr bool defers = true;  // calls epoll_ctl(2) before it waits next

    Libuv(std::size_t /*capacity*/, Tally& tally) : tally_{&tally} { uv_loop_init(&loop_); }
    Libuv(const Libuv&) = delete;
    Libuv& operator=(const Libuv&) = delete;
    ~Libuv() {
        while (!sources_.empty()) {
            remove_last();
        }
        uv_run(&loop_, UV_RUN_DEFAULT);
        uv_loop_close(&loop_);
    }

    void add(int fd) {
        Source& source = *sources_.emplace_back(new Source{{}, fd});
        uv_poll_init(&loop_, &source.handle, fd);
        source.handle.data = tally_;
        uv_poll_start(&source.handle, UV_READABLE, &on_ready);
    }
    /// A handle is freed in the callback of its closing.
    void remove_last() {
        auto* handle = reinterpret_cast<uv_handle_t*>(&sources_.back().release()->handle);
        sources_.pop_back();
        uv_close(handle, [](uv_handle_t* closed) { delete reinterpret_cast<Source*>(closed); });
    }

    void turn(std::size_t /*ready*/) { uv_run(&loop_, UV_RUN_NOWAIT); }
    void run() { uv_run(&loop_, UV_RUN_DEFAULT); }
    void stop() { uv_stop(&loop_); }

private:
    struct Source {
        uv_poll_t handle;  // first: a pointer to it is a pointer to the Source
        int fd;
    };

    static void on_ready(uv_poll_t* handle, int /*status*/, int /*events*/) {
        Work::handle(reinterpret_cast<Source*>(handle)->fd, *static_cast<Tally*>(handle->data));
    }

    uv_loop_t loop_{};
    Tally* tally_;
    std::vector<std::unique_ptr<Source>> sources_;
};

}  // namespace bench
