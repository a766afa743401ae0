// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "memory.hpp"

namespace virtio {

/// A split virtqueue: the guest puts chains of descriptors into `available`, the device puts them
/// into `used` when it has handled them. Each side writes only to its own ring.
struct Ring {
    static constexpr std::uint16_t size = 128;

    struct Descriptor {
        static constexpr std::uint16_t has_next = 1;
        static constexpr std::uint16_t device_writes = 2;

        std::uint64_t address;
        std::uint32_t length;
        std::uint16_t flags;
        std::uint16_t next;
    };
    struct Available {
        std::uint16_t flags;
        std::uint16_t index;  // the number of chains made available; wraps
        std::array<std::uint16_t, size> heads;
    };
    struct Done {
        std::uint32_t head;
        std::uint32_t written;
    };
    struct Used {
        static constexpr std::uint16_t no_kicks = 1;

        std::uint16_t flags;
        std::uint16_t index;  // the number of chains handled; wraps
        std::array<Done, size> done;
    };

    std::array<Descriptor, size> descriptors;
    Available available;
    Used used;
};

// Both sides access the indices and the flags at the same time. An index is stored after the
// entries that it counts, and loaded before them: that needs release and acquire. The order is
// sequentially consistent because each side stores one word and then loads the other's ("is there
// more?" and "kick me?").
inline std::uint16_t load(std::uint16_t& shared) {
    return std::atomic_ref{shared}.load(std::memory_order_seq_cst);
}
inline void store(std::uint16_t& shared, std::uint16_t value) {
    std::atomic_ref{shared}.store(value, std::memory_order_seq_cst);
}

/// A range of guest memory in a chain.
struct Segment {
    std::byte* data = nullptr;
    std::uint32_t length = 0;
    bool device_writes = false;
};

/// The segments of one request. An invalid chain has none.
struct Chain {
    static constexpr std::size_t length_max = 4;

    std::uint16_t head = 0;
    std::size_t length = 0;
    std::array<Segment, length_max> segments;
};

/// The device's side of a queue.
class DeviceQueue {
public:
    DeviceQueue(const Memory& memory, Ring& ring) : memory_{&memory}, ring_{&ring} {}

    /// The next chain. It stays the next one until it is finished.
    [[nodiscard]] std::optional<Chain> front() const {
        if (load(ring_->available.index) == next_) {
            return std::nullopt;
        }
        return read(ring_->available.heads[next_ % Ring::size]);
    }

    void finish(const Chain& chain, std::uint32_t written) {
        ++next_;
        ring_->used.done[used_ % Ring::size] = {chain.head, written};
        store(ring_->used.index, ++used_);
    }

    /// Sets whether the guest must kick for new chains. Call front() again after enabling it.
    void want_kicks(bool wanted) { store(ring_->used.flags, wanted ? 0 : Ring::Used::no_kicks); }

private:
    [[nodiscard]] Chain read(std::uint16_t head) const {
        const Chain senseless{.head = head, .length = 0, .segments = {}};
        Chain chain = senseless;
        for (std::uint16_t at = head;;) {
            if (at >= Ring::size || chain.length == Chain::length_max) {
                return senseless;  // longer than any request, or a cycle
            }
            const Ring::Descriptor piece = ring_->descriptors[at];
            std::byte* data = memory_->at(piece.address, piece.length);
            if (data == nullptr) {
                return senseless;
            }
            chain.segments[chain.length++] = {data, piece.length,
                                              (piece.flags & Ring::Descriptor::device_writes) != 0};
            if ((piece.flags & Ring::Descriptor::has_next) == 0) {
                return chain;
            }
            at = piece.next;
        }
    }

    const Memory* memory_;
    Ring* ring_;
    std::uint16_t next_ = 0;
    std::uint16_t used_ = 0;
};

/// The guest's side of a queue.
class GuestQueue {
public:
    explicit GuestQueue(Ring& ring) : ring_{&ring} {}

    [[nodiscard]] Ring::Descriptor& descriptor(std::uint16_t index) {
        return ring_->descriptors[index];
    }

    void submit(std::uint16_t head) {
        ring_->available.heads[next_ % Ring::size] = head;
        store(ring_->available.index, ++next_);
    }
    [[nodiscard]] bool wants_kick() const {
        return (load(ring_->used.flags) & Ring::Used::no_kicks) == 0;
    }

    [[nodiscard]] std::optional<Ring::Done> collect() {
        if (load(ring_->used.index) == seen_) {
            return std::nullopt;
        }
        return ring_->used.done[seen_++ % Ring::size];
    }

private:
    Ring* ring_;
    std::uint16_t next_ = 0;
    std::uint16_t seen_ = 0;
};

}  // namespace virtio
