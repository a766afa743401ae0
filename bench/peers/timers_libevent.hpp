// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <event2/event.h>
#include <event2/event_struct.h>

namespace bench {

/// evtimer_assign(), evtimer_add() and evtimer_del() of events that the caller holds, in a base
/// without locks: what event2/event.h has for one thread.
class LibeventTimers {
public:
    explicit LibeventTimers(std::span<const std::int64_t> delays) : timers_(delays.size()) {
        for (std::size_t i = 0; i < delays.size(); ++i) {
            add(timers_[i], delays[i]);
        }
    }
    LibeventTimers(const LibeventTimers&) = delete;
    LibeventTimers& operator=(const LibeventTimers&) = delete;
    ~LibeventTimers() {
        for (event& timer : timers_) {
            event_del(&timer);
        }
    }

    void arm(std::int64_t delay) { add(one_more_, delay); }
    bool cancel() {
        const bool was_armed = event_pending(&one_more_, EV_TIMEOUT, nullptr) != 0;
        evtimer_del(&one_more_);
        return was_armed;
    }
    std::size_t armed() {
        std::size_t count = 0;
        for (const event& timer : timers_) {
            count += event_pending(&timer, EV_TIMEOUT, nullptr) != 0 ? 1U : 0U;
        }
        return count;
    }

private:
    struct Free {
        void operator()(event_base* base) const noexcept { event_base_free(base); }
    };
    static event_base* make_base() {
        event_config* config = event_config_new();
        event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
        event_base* base = event_base_new_with_config(config);
        event_config_free(config);
        return base;
    }

    static void on_timer(evutil_socket_t /*fd*/, short /*events*/, void* /*context*/) {}

    void add(event& timer, std::int64_t delay) {
        const timeval after{delay / 1'000'000'000, delay % 1'000'000'000 / 1000};
        evtimer_assign(&timer, base_.get(), on_timer, nullptr);
        evtimer_add(&timer, &after);
    }

    std::unique_ptr<event_base, Free> base_{make_base()};
    std::vector<event> timers_;
    event one_more_{};
};

}  // namespace bench
