// SPDX-License-Identifier: MIT
//
// Memory of posted closures: made by one thread, given back by another, in the order in which it
// was made. The general allocator is at its slowest with that, and a list of what it gives lies all
// over the memory. So each thread cuts tasks off a chunk, one behind the other, and a chunk is
// given back with the last of its tasks. docs/decisions/0004-task-memory.md has the figures.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>

#include <eventp/detail/task.hpp>

namespace eventp::inline EVENTP_ABI_NAMESPACE::detail {

namespace {

// Also its alignment, so that the address of a task tells its chunk.
constexpr std::size_t chunk_size = std::size_t{16} * 1024;
constexpr std::size_t task_size_max = chunk_size / 16;

struct alignas(64) Chunk {
    /// The tasks that live, and those that can still be cut off it.
    std::atomic<std::uint32_t> tasks;
};
static_assert(sizeof(Chunk) == 64 && alignof(Chunk) >= task_align);

/// More than a chunk has room for: what a thread holds on to while it cuts.
constexpr std::uint32_t open_share = 1U << 31U;

void drop(Chunk* chunk, std::uint32_t share) noexcept {
    // Ordering: whoever frees the chunk comes behind every use of it.
    if (chunk->tasks.fetch_sub(share, std::memory_order_acq_rel) == share) {
        ::operator delete(chunk, std::align_val_t{chunk_size});
    }
}

/// Throws std::bad_alloc.
Chunk* make_chunk(std::size_t size, std::uint32_t share) {
    void* where = ::operator new(size, std::align_val_t{chunk_size});
    return ::new (where) Chunk{.tasks = share};
}

/// Where a thread cuts. Without a destructor: one of another thread-local object may post.
struct Cutter {
    Chunk* chunk;
    std::byte* at;
    std::size_t left;
    std::uint32_t cut;
    bool ended;

    void close() noexcept {
        if (chunk != nullptr) {
            drop(std::exchange(chunk, nullptr), open_share - cut);
        }
        left = 0;
    }
};
// NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables): each thread has its own.
constinit thread_local Cutter cutter{};

struct CloseAtThreadEnd {
    CloseAtThreadEnd() noexcept = default;
    CloseAtThreadEnd(const CloseAtThreadEnd&) = delete;
    CloseAtThreadEnd& operator=(const CloseAtThreadEnd&) = delete;
    ~CloseAtThreadEnd() {
        cutter.close();
        cutter.ended = true;
    }
};

[[gnu::noinline]] void* allocate_from_a_new_chunk(std::size_t size) {
    if (size > task_size_max || cutter.ended) {
        return reinterpret_cast<std::byte*>(make_chunk(sizeof(Chunk) + size, 1)) + sizeof(Chunk);
    }
    static thread_local const CloseAtThreadEnd closes;
    static_cast<void>(closes);
    Chunk* chunk = make_chunk(chunk_size, open_share);
    cutter.close();
    std::byte* first = reinterpret_cast<std::byte*>(chunk) + sizeof(Chunk);
    cutter.chunk = chunk;
    cutter.at = first + size;
    cutter.left = chunk_size - sizeof(Chunk) - size;
    cutter.cut = 1;
    return first;
}

}  // namespace

void* allocate_task(std::size_t size) {
    size = (size + task_align - 1) / task_align * task_align;
    if (size > cutter.left) [[unlikely]] {
        return allocate_from_a_new_chunk(size);
    }
    cutter.left -= size;
    ++cutter.cut;
    return std::exchange(cutter.at, cutter.at + size);
}

void free_task(void* task) noexcept {
    // Safety: every task lies in a chunk behind its header, within the chunk's alignment.
    const std::size_t offset = reinterpret_cast<std::uintptr_t>(task) % chunk_size;
    drop(reinterpret_cast<Chunk*>(static_cast<std::byte*>(task) - offset), 1);
}

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE::detail
