// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <eventp/eventp.hpp>

#include "memory.hpp"
#include "ring.hpp"
#include "token_bucket.hpp"

namespace virtio {

inline constexpr std::size_t queue_count = 2;
inline constexpr std::uint64_t sector_size = 512;

/// A request of a guest to a block device: a header, data, and a byte for the status.
struct Request {
    enum class Type : std::uint32_t { read = 0, write = 1, flush = 4 };
    enum class Status : std::uint8_t { ok = 0, error = 1, unsupported = 2 };

    Type type;
    std::uint32_t reserved;
    std::uint64_t sector;
};

/// The descriptors between a device and its guest. Each side has its own, for the same files.
struct Lines {
    std::array<eventp::OwnedFd, queue_count> kicks;  // guest to device: a queue has new requests
    eventp::OwnedFd interrupt;                       // device to guest: a request is done
    eventp::OwnedFd control;                         // guest to device: terminate
};

/// A block device over a file: one object that watches four descriptors.
class Block {
public:
    struct Stats {
        std::uint64_t requests = 0;
        std::uint64_t kicks = 0;
        std::uint64_t interrupts = 0;
        std::uint64_t throttled = 0;
        std::uint64_t ticks = 0;
    };

    Block(eventp::OwnedFd file, std::uint64_t capacity, Lines lines, const Memory& memory,
          std::array<Ring*, queue_count> rings, TokenBucket limiter, Stats& stats)
        : queues_{DeviceQueue{memory, *rings[0]}, DeviceQueue{memory, *rings[1]}},
          lines_{std::move(lines)},
          timer_{::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)},
          file_{std::move(file)},
          capacity_{capacity},
          limiter_{limiter},
          stats_{stats} {}
    Block(const Block&) = delete;
    Block& operator=(const Block&) = delete;
    ~Block() = default;

    /// Registers each kick, the control line and the timer of the limiter, or none of them.
    template <typename... Args>
    [[nodiscard]] static auto register_into(eventp::ReactorOps& reactor, Args&&... args) {
        const eventp::Interest readable = eventp::interest().read();
        return eventp::device<Block>()
            .watch<&Block::kick<0>, &Block::on_kick<0>>(readable)
            .watch<&Block::kick<1>, &Block::on_kick<1>>(readable)
            .watch<&Block::control, &Block::on_control>(readable)
            .watch<&Block::timer, &Block::on_timer>(readable)
            .register_into(reactor, std::forward<Args>(args)...);
    }

    // --- descriptors ---
    template <std::size_t Queue>
    [[nodiscard]] const eventp::OwnedFd& kick() const {
        return lines_.kicks[Queue];
    }
    [[nodiscard]] const eventp::OwnedFd& control() const { return lines_.control; }
    [[nodiscard]] const eventp::OwnedFd& timer() const { return timer_; }

    // --- handlers ---
    template <std::size_t Queue>
    void on_kick(const eventp::OwnedFd& kick) {
        drain(kick);
        ++stats_.kicks;
        serve(Queue);
    }

    void on_timer(const eventp::OwnedFd& timer) {
        drain(timer);
        ++stats_.ticks;
        throttled_ = false;
        // The queues alternate in being first, so that neither gets only the tokens left over.
        first_ = (first_ + 1) % queue_count;
        for (std::size_t i = 0; i < queue_count; ++i) {
            serve((first_ + i) % queue_count);
        }
    }

    /// The guest has released the device. After the last registration was removed, this object is
    /// destroyed when this function has returned.
    void on_control(eventp::ReactorOps& reactor) {
        for (const eventp::OwnedFd* fd :
             {&lines_.kicks[0], &lines_.kicks[1], &lines_.control, &timer_}) {
            reactor.remove(*fd);
        }
        reactor.stop();
    }

private:
    /// Handles at most as many requests as fit into a queue, so that a busy queue starves nothing.
    void serve(std::size_t queue) {
        std::size_t done = 0;
        queues_[queue].want_kicks(false);
        while (!throttled_ && done < Ring::size) {
            const auto chain = queues_[queue].front();
            if (!chain) {
                break;
            }
            if (!admit(*chain)) {
                break;
            }
            queues_[queue].finish(*chain, answer(*chain));
            ++done;
        }
        if (done > 0) {
            stats_.requests += done;
            ++stats_.interrupts;
            ring(lines_.interrupt);
        }
        if (throttled_) {
            return;  // the timer serves both queues
        }
        queues_[queue].want_kicks(true);
        if (queues_[queue].front()) {
            ring(lines_.kicks[queue]);  // new or left over: in the next turn
        }
    }

    /// Sets the timer and returns false if the limiter does not allow the request yet.
    [[nodiscard]] bool admit(const Chain& chain) {
        const std::uint64_t bytes = chain.length == 3 ? chain.segments[1].length : 0;
        if (limiter_.take(bytes, TokenBucket::Clock::now())) {
            return true;
        }
        ++stats_.throttled;
        throttled_ = true;
        const auto wait = limiter_.wait_for(bytes);
        const auto seconds = std::chrono::floor<std::chrono::seconds>(wait);
        const itimerspec once{
            .it_interval = {},
            .it_value = {.tv_sec = seconds.count(), .tv_nsec = (wait - seconds).count()}};
        ::timerfd_settime(timer_.fd(), 0, &once, nullptr);
        return false;
    }

    /// Handles a request. Returns how many bytes of guest memory it has written.
    [[nodiscard]] std::uint32_t answer(const Chain& chain) {
        if (chain.length < 2) {
            return 0;
        }
        const Segment& head = chain.segments[0];
        const Segment& tail = chain.segments[chain.length - 1];
        if (head.device_writes || head.length != sizeof(Request) || !tail.device_writes ||
            tail.length != 1) {
            return 0;  // no room for a status
        }
        Request request{};
        std::memcpy(&request, head.data, sizeof request);
        const Segment data = chain.length == 3 ? chain.segments[1] : Segment{};
        const Request::Status status = perform(request, data);
        *tail.data = static_cast<std::byte>(status);
        const bool has_read = request.type == Request::Type::read && status == Request::Status::ok;
        return 1 + (has_read ? data.length : 0);
    }

    [[nodiscard]] Request::Status perform(const Request& request, const Segment& data) const {
        using enum Request::Status;
        const std::uint64_t sectors = capacity_ / sector_size;
        if (request.type == Request::Type::flush) {
            return ::fdatasync(file_.fd()) == 0 ? ok : error;
        }
        const bool reads = request.type == Request::Type::read;
        if (!reads && request.type != Request::Type::write) {
            return unsupported;
        }
        if (data.data == nullptr || data.device_writes != reads || data.length % sector_size != 0 ||
            request.sector > sectors || data.length / sector_size > sectors - request.sector) {
            return error;
        }
        auto offset = static_cast<off_t>(request.sector * sector_size);
        for (std::size_t done = 0; done < data.length;) {
            std::byte* at = data.data + done;
            const std::size_t left = data.length - done;
            const ssize_t moved = reads ? ::pread(file_.fd(), at, left, offset)
                                        : ::pwrite(file_.fd(), at, left, offset);
            if (moved <= 0) {
                return error;
            }
            done += static_cast<std::size_t>(moved);
            offset += moved;
        }
        return ok;
    }

    static void drain(const eventp::OwnedFd& fd) {
        std::uint64_t count = 0;
        static_cast<void>(::read(fd.fd(), &count, sizeof count));  // EAGAIN: it is zero
    }
    static void ring(const eventp::OwnedFd& fd) {
        static_cast<void>(::eventfd_write(fd.fd(), 1));  // EAGAIN: it is set already
    }

    std::array<DeviceQueue, queue_count> queues_;
    Lines lines_;
    eventp::OwnedFd timer_;
    eventp::OwnedFd file_;
    std::uint64_t capacity_;
    TokenBucket limiter_;
    std::size_t first_ = 0;
    bool throttled_ = false;
    Stats& stats_;
};

}  // namespace virtio
