// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>

#include "../work.hpp"

namespace bench {

/// "Reactor-style operations": async_wait() on a descriptor, called again by each handler, in a
/// context without locks.
/// https://think-async.com/Asio/asio-1.22.1/doc/asio/overview/core/reactor.html
template <typename Work>
class Asio {
public:
    static constexpr const char* name = "asio";

    Asio(std::size_t /*capacity*/, Tally& tally) : tally_{&tally} {}
    Asio(const Asio&) = delete;
    Asio& operator=(const Asio&) = delete;
    ~Asio() {
        for (const auto& source : sources_) {
            source->descriptor.release();
        }
    }

    void add(int fd) {
        sources_.push_back(
            std::make_shared<Source>(Source{asio::posix::stream_descriptor{context_, fd}, tally_}));
        wait(sources_.back());
    }
    /// The peer does not own the descriptor, so it is not closed. The waiting handler owns the
    /// rest, and is called with an error.
    void remove_last() {
        sources_.back()->descriptor.release();
        sources_.pop_back();
    }

    /// One poll() would never return: each handler waits again for a descriptor that is ready
    /// already.
    void turn(std::size_t ready) {
        context_.restart();
        for (std::size_t called = 0; called < ready; ++called) {
            if (context_.poll_one() == 0) {
                return;
            }
        }
    }
    void run() {
        context_.restart();
        context_.run();
    }
    void stop() { context_.stop(); }

private:
    struct Source {
        asio::posix::stream_descriptor descriptor;
        Tally* tally;
    };

    struct OnReady {
        std::shared_ptr<Source> source;
        void operator()(const asio::error_code& error) {
            if (!error) {
                Work::handle(source->descriptor.native_handle(), *source->tally);
                wait(std::move(source));
            }
        }
    };

    static void wait(std::shared_ptr<Source> source) {
        auto& descriptor = source->descriptor;
        descriptor.async_wait(asio::posix::stream_descriptor::wait_read,
                              OnReady{std::move(source)});
    }

    asio::io_context context_{ASIO_CONCURRENCY_HINT_UNSAFE};
    Tally* tally_;
    std::vector<std::shared_ptr<Source>> sources_;
};

}  // namespace bench
