// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include <ev.h>

#include "../work.hpp"

namespace bench {

/// One ev_io for each descriptor, the handler's context in its `data`.
/// http://pod.tst.eu/http://cvs.schmorp.de/libev/ev.pod
template <typename Work>
class Libev {
public:
    static constexpr const char* name = "libev";
    static constexpr bool defers = true;  // calls epoll_ctl(2) before it waits next

    Libev(std::size_t /*capacity*/, Tally& tally) : tally_{&tally} {}

    void add(int fd) {
        ev_io& source = *sources_.emplace_back(new ev_io);
        ev_io_init(&source, &on_ready, fd, EV_READ);
        source.data = tally_;
        ev_io_start(loop_.get(), &source);
    }
    void remove_last() {
        ev_io_stop(loop_.get(), sources_.back().get());
        sources_.pop_back();
    }

    void turn(std::size_t /*ready*/) { ev_run(loop_.get(), EVRUN_NOWAIT); }
    void run() { ev_run(loop_.get(), 0); }
    void stop() { ev_break(loop_.get(), EVBREAK_ONE); }

private:
    struct Destroy {
        void operator()(struct ev_loop* loop) const noexcept { ev_loop_destroy(loop); }
    };

    static void on_ready(struct ev_loop* /*loop*/, ev_io* source, int /*events*/) {
        Work::handle(source->fd, *static_cast<Tally*>(source->data));
    }

    std::vector<std::unique_ptr<ev_io>> sources_;
    std::unique_ptr<struct ev_loop, Destroy> loop_{
        ev_loop_new(unsigned{EVBACKEND_EPOLL} | EVFLAG_NOENV)};
    Tally* tally_;
};

}  // namespace bench
