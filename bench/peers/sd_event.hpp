// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include <sys/epoll.h>
#include <systemd/sd-event.h>

#include "../work.hpp"

namespace bench {

/// sd_event_add_io() and sd_event_run(), which dispatches one source at each call.
/// https://www.freedesktop.org/software/systemd/man/latest/sd_event_add_io.html
template <typename Work>
class SdEvent {
public:
    static constexpr const char* name = "sd_event";

    SdEvent(std::size_t /*capacity*/, Tally& tally) : tally_{&tally} {
        sd_event* loop = nullptr;
        sd_event_new(&loop);
        loop_.reset(loop);
    }

    void add(int fd) {
        sd_event_source* source = nullptr;
        sd_event_add_io(loop_.get(), &source, fd, EPOLLIN, &on_ready, tally_);
        sources_.emplace_back(source);
    }
    void remove_last() { sources_.pop_back(); }
    void modify_last(bool also_writing) {
        sd_event_source_set_io_events(sources_.back().get(),
                                      also_writing ? EPOLLIN | EPOLLOUT : EPOLLIN);
    }

    void turn(std::size_t ready) {
        for (std::size_t called = 0; called < ready; ++called) {
            if (sd_event_run(loop_.get(), /*usec=*/0) <= 0) {
                return;
            }
        }
    }
    void run() {
        stopped_ = false;
        while (!stopped_) {
            sd_event_run(loop_.get(), UINT64_MAX);
        }
    }
    void stop() { stopped_ = true; }

private:
    struct Unref {
        void operator()(sd_event* loop) const noexcept { sd_event_unref(loop); }
        void operator()(sd_event_source* source) const noexcept {
            sd_event_source_disable_unref(source);
        }
    };

    static int on_ready(sd_event_source* /*source*/, int fd, std::uint32_t /*events*/,
                        void* tally) {
        Work::handle(fd, *static_cast<Tally*>(tally));
        return 0;
    }

    std::unique_ptr<sd_event, Unref> loop_;
    Tally* tally_;
    std::vector<std::unique_ptr<sd_event_source, Unref>> sources_;
    bool stopped_ = false;
};

}  // namespace bench
