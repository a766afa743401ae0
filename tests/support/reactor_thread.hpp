// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <stop_token>
#include <thread>

#include <gtest/gtest.h>

#include <eventp/eventp.hpp>

namespace eventp::support {

/// A reactor that another thread runs until this ends.
class ReactorThread {
public:
    ReactorThread()
        : endpoint_{*reactor_}, thread_{[this](const std::stop_token& token) {
              EXPECT_TRUE(reactor_->run(token).has_value());
          }} {}

    [[nodiscard]] const RemoteEndpoint& endpoint() const noexcept { return endpoint_; }
    [[nodiscard]] Reactor& reactor() noexcept { return *reactor_; }
    [[nodiscard]] std::thread::id thread_id() const { return thread_.get_id(); }

    /// Ends the run; the reactor is this thread's then.
    void stop() {
        thread_.request_stop();
        thread_.join();
    }
    void stop_and_destroy() {
        stop();
        reactor_.reset();
    }

private:
    std::optional<Reactor> reactor_{std::in_place};
    RemoteEndpoint endpoint_;
    std::jthread thread_;
};

}  // namespace eventp::support
