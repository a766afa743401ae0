// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstddef>
#include <fstream>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>

#include <gtest/gtest.h>

#include <pthread.h>
#include <sys/types.h>
#include <unistd.h>

#include <eventp/eventp.hpp>

// AddressSanitizer takes the unwinding of a cancelled thread for a stack of its own and aborts.
#if defined(__SANITIZE_ADDRESS__)
#define EVENTP_TEST_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define EVENTP_TEST_ASAN 1
#endif
#endif

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

/// A thread that a test cancels (pthread_cancel(3)).
class CancellableThread {
public:
    explicit CancellableThread(std::function<void()> body) : body_{std::move(body)} {
        const auto run = [](void* argument) -> void* {
            auto& self = *static_cast<CancellableThread*>(argument);
            self.id_.store(::gettid());
            self.id_.notify_all();
            self.body_();
            return nullptr;
        };
        EXPECT_EQ(::pthread_create(&handle_, nullptr, run, this), 0);
    }
    CancellableThread(const CancellableThread&) = delete;
    CancellableThread& operator=(const CancellableThread&) = delete;
    ~CancellableThread() = default;

    void wait_until_blocked() const {
        id_.wait(0);
        support::wait_until_blocked(id_.load());
    }
    void cancel() const { EXPECT_EQ(::pthread_cancel(handle_), 0); }
    /// Must be called before the destructor. Returns whether the thread was cancelled.
    [[nodiscard]] bool join() const {
        void* result = nullptr;
        EXPECT_EQ(::pthread_join(handle_, &result), 0);
        return result == PTHREAD_CANCELED;
    }

private:
    std::function<void()> body_;
    std::atomic<pid_t> id_{0};
    pthread_t handle_{};
};

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
