// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <fstream>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include <sys/types.h>

#include <eventp/eventp.hpp>

namespace eventp::support {

/// Waits until the thread with that number is blocked in the kernel.
inline void wait_until_blocked(pid_t thread) {
    const std::string path = "/proc/self/task/" + std::to_string(thread) + "/stat";
    for (char state = 'R'; state != 'S';) {
        std::string line;
        std::getline(std::ifstream{path}, line);
        const std::size_t name_end = line.rfind(')');
        ASSERT_NE(name_end, std::string::npos);
        state = line.at(name_end + 2);
        std::this_thread::yield();
    }
}

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

    /// Ends the run. After that the calling thread may use the reactor.
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
