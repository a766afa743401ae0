// SPDX-License-Identifier: MIT
#pragma once

#include <future>
#include <utility>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>

namespace bench {

/// asio::post(), in a context that one thread runs. A closure that is waited for fulfils a promise.
/// https://think-async.com/Asio/asio-1.22.1/doc/asio/reference/post.html
class AsioPosts {
public:
    static constexpr const char* name = "asio";

    template <typename F>
    void post(F closure) {
        asio::post(context_, std::move(closure));
    }
    void call() {
        std::promise<void> done;
        post([&done] { done.set_value(); });
        done.get_future().wait();
    }
    void run() {
        context_.restart();
        context_.run();
    }
    void stop() { context_.stop(); }

private:
    asio::io_context context_{1};
    asio::executor_work_guard<asio::io_context::executor_type> work_{context_.get_executor()};
};

}  // namespace bench
