// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <ev.h>

namespace bench {

/// ev_timer, as ev(3) has it: relative to the time that the loop has read last, not to now.
class LibevTimers {
public:
    explicit LibevTimers(std::span<const std::int64_t> delays) : timers_(delays.size()) {
        ev_now_update(loop_.get());
        for (std::size_t i = 0; i < delays.size(); ++i) {
            start(timers_[i], delays[i]);
        }
    }

    void arm(std::int64_t delay) { start(one_more_, delay); }
    bool cancel() {
        const bool was_armed = ev_is_active(&one_more_);
        ev_timer_stop(loop_.get(), &one_more_);
        return was_armed;
    }
    std::size_t armed() {
        std::size_t count = 0;
        for (const ev_timer& timer : timers_) {
            count += ev_is_active(&timer) ? 1 : 0;
        }
        return count;
    }

private:
    struct Destroy {
        void operator()(struct ev_loop* loop) const noexcept { ev_loop_destroy(loop); }
    };

    static void on_timer(struct ev_loop* /*loop*/, ev_timer* /*timer*/, int /*events*/) {}

    void start(ev_timer& timer, std::int64_t delay) {
        ev_timer_init(&timer, on_timer, static_cast<double>(delay) * 1e-9, 0.);
        ev_timer_start(loop_.get(), &timer);
    }

    std::unique_ptr<struct ev_loop, Destroy> loop_{ev_loop_new(EVBACKEND_EPOLL)};
    std::vector<ev_timer> timers_;
    ev_timer one_more_{};
};

}  // namespace bench
