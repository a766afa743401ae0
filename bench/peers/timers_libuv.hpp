// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <uv.h>

namespace bench {

/// uv_timer_start() and uv_timer_stop() of handles that are initialised once, as its guide does;
/// relative to the time that the loop has read last, in milliseconds.
class LibuvTimers {
public:
    explicit LibuvTimers(std::span<const std::int64_t> delays) : timers_(delays.size()) {
        uv_loop_init(&loop_);
        uv_timer_init(&loop_, &one_more_);
        for (std::size_t i = 0; i < delays.size(); ++i) {
            uv_timer_init(&loop_, &timers_[i]);
            start(timers_[i], delays[i]);
        }
    }
    LibuvTimers(const LibuvTimers&) = delete;
    LibuvTimers& operator=(const LibuvTimers&) = delete;
    ~LibuvTimers() {
        for (uv_timer_t& timer : timers_) {
            uv_close(reinterpret_cast<uv_handle_t*>(&timer), nullptr);
        }
        uv_close(reinterpret_cast<uv_handle_t*>(&one_more_), nullptr);
        uv_run(&loop_, UV_RUN_DEFAULT);
        uv_loop_close(&loop_);
    }

    void arm(std::int64_t delay) { start(one_more_, delay); }
    bool cancel() {
        const bool was_armed = uv_is_active(reinterpret_cast<uv_handle_t*>(&one_more_)) != 0;
        uv_timer_stop(&one_more_);
        return was_armed;
    }
    std::size_t armed() {
        std::size_t count = 0;
        for (const uv_timer_t& timer : timers_) {
            count += uv_is_active(reinterpret_cast<const uv_handle_t*>(&timer)) != 0 ? 1U : 0U;
        }
        return count;
    }

private:
    static void on_timer(uv_timer_t* /*timer*/) {}

    static void start(uv_timer_t& timer, std::int64_t delay) {
        uv_timer_start(&timer, on_timer, static_cast<std::uint64_t>(delay / 1'000'000), 0);
    }

    uv_loop_t loop_{};
    std::vector<uv_timer_t> timers_;
    uv_timer_t one_more_{};
};

}  // namespace bench
