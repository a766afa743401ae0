// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "block.hpp"
#include "memory.hpp"
#include "ring.hpp"

namespace virtio {

/// Acts as the driver in a virtual machine: fills the disk, reads it back through the other queue,
/// and compares every byte.
class Guest {
public:
    static constexpr std::uint32_t block_size = 64 * 1024;
    static constexpr std::uint16_t depth = 32;  // requests in flight in each queue

    /// The part of one request in the shared memory. Buffers are first, for their alignment.
    struct Slot {
        std::array<std::uint64_t, block_size / 8> data;
        Request request;
        std::uint8_t status;
    };
    /// The layout of the shared memory.
    struct Layout {
        std::array<Ring, queue_count> rings;
        std::array<std::array<Slot, depth>, queue_count> slots;
    };

    Guest(const Memory& memory, Layout& layout, Lines lines, std::uint64_t capacity)
        : memory_{memory},
          layout_{layout},
          lines_{std::move(lines)},
          capacity_{capacity},
          queues_{GuestQueue{layout.rings[0]}, GuestQueue{layout.rings[1]}} {}

    /// Returns the first error, or an empty string.
    [[nodiscard]] std::string run() {
        if (pass(Request::Type::write) && one(Request::Type::flush, 0, Request::Status::ok) &&
            pass(Request::Type::read)) {
            // A request beyond the end of the disk, and one of an unknown type.
            static_cast<void>(
                one(Request::Type::read, capacity_ / sector_size, Request::Status::error) &&
                one(Request::Type{99}, 0, Request::Status::unsupported));
        }
        return fault_;
    }
    /// Makes the device terminate and close its descriptors.
    void let_go() { static_cast<void>(::eventfd_write(lines_.control.fd(), 1)); }

    [[nodiscard]] std::uint64_t verified() const { return verified_; }
    [[nodiscard]] std::uint64_t kicks() const { return kicks_; }
    [[nodiscard]] std::uint64_t kicks_saved() const { return kicks_saved_; }

private:
    static constexpr std::uint16_t chain_length = 3;
    static_assert(depth * chain_length <= Ring::size);

    struct InFlight {
        bool busy = false;
        Request::Type type{};
        std::uint64_t offset = 0;
    };

    /// Eight bytes of the disk, different from all others.
    static std::uint64_t pattern(std::uint64_t offset) {
        std::uint64_t x = offset + 0x9E3779B97F4A7C15U;
        x = (x ^ (x >> 30U)) * 0xBF58476D1CE4E5B9U;
        x = (x ^ (x >> 27U)) * 0x94D049BB133111EBU;
        return x ^ (x >> 31U);
    }

    bool fail(std::string why) {
        if (fault_.empty()) {
            fault_ = std::move(why);
        }
        return false;
    }

    /// Transfers the whole disk, block by block, through both queues at once. Each queue reads what
    /// the other one has written.
    bool pass(Request::Type type) {
        const std::uint64_t blocks = capacity_ / block_size;
        std::array<std::uint64_t, queue_count> next{};
        for (std::uint64_t done = 0; done < blocks;) {
            for (std::size_t queue = 0; queue < queue_count; ++queue) {
                const std::size_t lane = type == Request::Type::read ? 1 - queue : queue;
                bool any = false;
                for (std::uint16_t slot = 0; slot < depth; ++slot) {
                    const std::uint64_t block = next[queue] * queue_count + lane;
                    if (block < blocks && !in_flight_[queue][slot].busy) {
                        ++next[queue];
                        submit(queue, slot, type, block * block_size / sector_size);
                        any = true;
                    }
                }
                if (any) {
                    kick(queue);
                }
            }
            const std::uint64_t before = done;
            if (!collect(Request::Status::ok, done)) {
                return false;
            }
            if (done == before && !wait()) {
                return false;
            }
        }
        return true;
    }

    /// Makes one request and checks its status.
    bool one(Request::Type type, std::uint64_t sector, Request::Status expected) {
        submit(0, 0, type, sector);
        kick(0);
        for (std::uint64_t done = 0; done == 0;) {
            if (!collect(expected, done) || (done == 0 && !wait())) {
                return false;
            }
        }
        return true;
    }

    void submit(std::size_t queue, std::uint16_t slot, Request::Type type, std::uint64_t sector) {
        Slot& shared = layout_.slots[queue][slot];
        const std::uint64_t offset = sector * sector_size;
        in_flight_[queue][slot] = {true, type, offset};
        shared.request = {type, 0, sector};
        shared.status = 0xFF;
        const bool has_data = type == Request::Type::read || type == Request::Type::write;
        for (std::uint64_t i = 0; has_data && i < shared.data.size(); ++i) {
            // Different from the disk, so that a read that does nothing is noticed.
            const std::uint64_t word = pattern(offset + i * 8);
            shared.data[i] = type == Request::Type::write ? word : ~word;
        }
        const auto head = static_cast<std::uint16_t>(slot * chain_length);
        std::uint16_t at = head;
        const auto put = [&](void* what, std::size_t length, std::uint16_t flags) {
            const auto address = static_cast<std::byte*>(what) - memory_.at(0, 0);
            queues_[queue].descriptor(at) = {static_cast<std::uint64_t>(address),
                                             static_cast<std::uint32_t>(length), flags,
                                             static_cast<std::uint16_t>(at + 1)};
            ++at;
        };
        put(&shared.request, sizeof shared.request, Ring::Descriptor::has_next);
        if (has_data) {
            const bool reads = type == Request::Type::read;
            put(shared.data.data(), sizeof shared.data,
                Ring::Descriptor::has_next |
                    (reads ? Ring::Descriptor::device_writes : std::uint16_t{0}));
        }
        put(&shared.status, sizeof shared.status, Ring::Descriptor::device_writes);
        queues_[queue].submit(head);
    }

    void kick(std::size_t queue) {
        if (queues_[queue].wants_kick()) {
            ++kicks_;
            static_cast<void>(::eventfd_write(lines_.kicks[queue].fd(), 1));
        } else {
            ++kicks_saved_;
        }
    }

    /// Takes completed requests, counts them, and compares the data that were read.
    bool collect(Request::Status expected, std::uint64_t& done) {
        for (std::size_t queue = 0; queue < queue_count; ++queue) {
            while (const auto finished = queues_[queue].collect()) {
                const std::uint32_t slot = finished->head / chain_length;
                if (slot >= depth || finished->head % chain_length != 0 ||
                    !std::exchange(in_flight_[queue][slot].busy, false)) {
                    return fail("the device has finished what was not begun");
                }
                const Slot& shared = layout_.slots[queue][slot];
                if (shared.status != static_cast<std::uint8_t>(expected)) {
                    return fail("a request got status " + std::to_string(shared.status));
                }
                ++done;
                if (expected == Request::Status::ok && !verify(in_flight_[queue][slot], shared)) {
                    return false;
                }
            }
        }
        return true;
    }

    bool verify(const InFlight& request, const Slot& shared) {
        if (request.type != Request::Type::read) {
            return true;
        }
        for (std::uint64_t i = 0; i < shared.data.size(); ++i) {
            const std::uint64_t offset = request.offset + i * 8;
            if (shared.data[i] != pattern(offset)) {
                return fail("wrong data at byte " + std::to_string(offset));
            }
        }
        verified_ += sizeof shared.data;
        return true;
    }

    /// Waits for the interrupt. The rings are checked after it, so no completion is missed.
    bool wait() {
        constexpr int limit_ms = 30'000;
        pollfd line{.fd = lines_.interrupt.fd(), .events = POLLIN, .revents = 0};
        if (::poll(&line, 1, limit_ms) != 1) {
            return fail("no interrupt came");
        }
        eventfd_t count = 0;
        static_cast<void>(::eventfd_read(lines_.interrupt.fd(), &count));
        return true;
    }

    const Memory& memory_;
    Layout& layout_;
    Lines lines_;
    std::uint64_t capacity_;
    std::array<GuestQueue, queue_count> queues_;
    std::array<std::array<InFlight, depth>, queue_count> in_flight_{};
    std::string fault_;
    std::uint64_t verified_ = 0;
    std::uint64_t kicks_ = 0;
    std::uint64_t kicks_saved_ = 0;
};

}  // namespace virtio
