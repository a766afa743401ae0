// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include <event2/event.h>

#include "../work.hpp"

namespace bench {

inline constexpr short libevent_reading = EV_READ | EV_PERSIST;
inline constexpr short libevent_writing = EV_WRITE;
// Macros here, enumerators in <ev.h>.
#undef EV_READ
#undef EV_WRITE
#undef EV_TIMEOUT
#undef EV_SIGNAL

/// event_new() with EV_PERSIST in a base without locks, as the book recommends for
/// one thread.
/// https://libevent.org/libevent-book/Ref4_event.html
template <typename Work>
class Libevent {
public:
    static constexpr const char* name = "libevent";

    Libevent(std::size_t /*capacity*/, Tally& tally) : tally_{&tally} {}

    void add(int fd) {
        sources_.emplace_back(event_new(base_.get(), fd, libevent_reading, &on_ready, tally_));
        event_add(sources_.back().get(), nullptr);
    }
    void remove_last() { sources_.pop_back(); }
    void modify_last(bool also_writing) {
        event* last = sources_.back().get();
        const int what = libevent_reading | (also_writing ? libevent_writing : 0);
        event_del(last);
        event_assign(last, base_.get(), event_get_fd(last), static_cast<short>(what), &on_ready,
                     tally_);
        event_add(last, nullptr);
    }

    void turn(std::size_t /*ready*/) {
        event_base_loop(base_.get(), EVLOOP_NONBLOCK | EVLOOP_ONCE);
    }
    void run() { event_base_loop(base_.get(), EVLOOP_NO_EXIT_ON_EMPTY); }
    void stop() { event_base_loopbreak(base_.get()); }

private:
    struct Free {
        void operator()(event_base* base) const noexcept { event_base_free(base); }
        void operator()(event* one) const noexcept { event_free(one); }
    };

    static event_base* make_base() {
        event_config* config = event_config_new();
        event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
        event_base* base = event_base_new_with_config(config);
        event_config_free(config);
        return base;
    }

    static void on_ready(evutil_socket_t fd, short /*events*/, void* tally) {
        Work::handle(fd, *static_cast<Tally*>(tally));
    }

    std::unique_ptr<event_base, Free> base_{make_base()};
    Tally* tally_;
    std::vector<std::unique_ptr<event, Free>> sources_;
};

}  // namespace bench
