// SPDX-License-Identifier: MIT
//
// A block device over a file, similar to virtio, and a guest that tests it. The device is one
// object with a kick for each queue, a control line and a timer; each has a member function as its
// handler.
//
//     virtio_block <scratch file>     the file must not exist, and is removed
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <new>
#include <string>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <eventp/eventp.hpp>

#include "virtio/block.hpp"
#include "virtio/guest.hpp"
#include "virtio/memory.hpp"
#include "virtio/token_bucket.hpp"

namespace {

constexpr std::uint64_t mib = 1024 * 1024;
constexpr std::uint64_t capacity = 64 * mib;
constexpr std::uint64_t rate = 512 * mib;  // bytes a second
constexpr std::uint64_t burst = 2 * mib;

using Clock = std::chrono::steady_clock;

eventp::OwnedFd scratch_file(const char* path) {
    eventp::OwnedFd file{::open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
    if (file && (::unlink(path) != 0 || ::ftruncate(file.fd(), capacity) != 0)) {
        file.reset();
    }
    return file;
}

virtio::Lines make_lines() {
    const auto line = [] { return eventp::OwnedFd{::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)}; };
    return {{line(), line()}, line(), line()};
}

virtio::Lines other_side(const virtio::Lines& lines) {
    const auto same = [](const eventp::OwnedFd& fd) {
        return eventp::OwnedFd{::fcntl(fd.fd(), F_DUPFD_CLOEXEC, 0)};
    };
    return {
        {same(lines.kicks[0]), same(lines.kicks[1])}, same(lines.interrupt), same(lines.control)};
}

struct Outcome {
    std::string fault;
    std::uint64_t verified = 0;
    std::uint64_t kicks = 0;
    std::uint64_t kicks_saved = 0;
    std::chrono::duration<double> took{};
};

Outcome drive(virtio::Guest& guest) {
    const auto start = Clock::now();
    Outcome outcome;
    outcome.fault = guest.run();
    outcome.took = Clock::now() - start;
    outcome.verified = guest.verified();
    outcome.kicks = guest.kicks();
    outcome.kicks_saved = guest.kicks_saved();
    guest.let_go();
    return outcome;
}

int report(const Outcome& guest, const virtio::Block::Stats& device,
           const eventp::Reactor::Stats& reactor) {
    const double moved = 2.0 * capacity / mib;
    std::printf("guest:   %.0f MiB written and read in %.2f s (%.0f MiB/s)\n", moved,
                guest.took.count(), moved / guest.took.count());
    std::printf("         %llu bytes compared, %llu kicks, %llu kicks saved\n",
                static_cast<unsigned long long>(guest.verified),
                static_cast<unsigned long long>(guest.kicks),
                static_cast<unsigned long long>(guest.kicks_saved));
    std::printf("device:  %llu requests, %llu kicks, %llu interrupts\n",
                static_cast<unsigned long long>(device.requests),
                static_cast<unsigned long long>(device.kicks),
                static_cast<unsigned long long>(device.interrupts));
    std::printf("limiter: %llu times throttled, %llu timer ticks\n",
                static_cast<unsigned long long>(device.throttled),
                static_cast<unsigned long long>(device.ticks));
    std::printf("reactor: %llu turns, %llu handlers, %zu subscribers left\n",
                static_cast<unsigned long long>(reactor.turns),
                static_cast<unsigned long long>(reactor.handlers_called), reactor.registered);

    const char* fault = nullptr;
    // At best, the guest starts with a full bucket.
    const double fastest = static_cast<double>(2 * capacity - burst) / static_cast<double>(rate);
    if (!guest.fault.empty()) {
        fault = guest.fault.c_str();
    } else if (guest.verified != capacity) {
        fault = "not every byte was compared";
    } else if (guest.took.count() < fastest) {
        fault = "the limiter has let too much through";
    } else if (reactor.registered != 0) {
        fault = "the device has outlived its end";
    }
    std::printf("%s\n", fault == nullptr ? "all is well" : fault);
    return fault == nullptr ? 0 : 1;
}

int fail(const char* what) {
    std::perror(what);
    return 1;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: %s <scratch file>\n", argv[0]);
        return 2;
    }
    eventp::OwnedFd file = scratch_file(argv[1]);
    if (!file) {
        return fail(argv[1]);
    }
    const virtio::Memory memory{sizeof(virtio::Guest::Layout)};
    if (memory.size() == 0) {
        return fail("mmap");
    }
    auto& layout = *::new (memory.at(0, memory.size())) virtio::Guest::Layout;

    virtio::Lines lines = make_lines();
    virtio::Guest guest{memory, layout, other_side(lines), capacity};
    virtio::Block::Stats stats;
    eventp::Reactor reactor;
    const auto names =
        virtio::Block::register_into(reactor, std::move(file), capacity, std::move(lines), memory,
                                     std::array{&layout.rings[0], &layout.rings[1]},
                                     virtio::TokenBucket{rate, burst, Clock::now()}, stats);
    if (!names) {
        std::fprintf(stderr, "the device: %s\n", names.error().message().c_str());
        return 1;
    }

    Outcome outcome;
    std::thread machine{[&] { outcome = drive(guest); }};
    const auto ended = reactor.run();  // until the guest releases the device
    machine.join();
    if (!ended) {
        std::fprintf(stderr, "the reactor: %s\n", ended.error().message().c_str());
        return 1;
    }
    return report(outcome, stats, reactor.stats());
}
