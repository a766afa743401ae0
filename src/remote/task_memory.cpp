// SPDX-License-Identifier: MIT
//
// Memory of posted closures: one thread allocates it and another frees it, in the same order.
// General-purpose allocators are slow at that, and scatter the nodes of the list. So each thread
// bump-allocates tasks from a chunk of its own, and a chunk is freed with the last of its tasks.
// docs/internals/decisions/0004-task-memory.md has the figures.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>

#include <eventp/detail/task.hpp>

namespace eventp::inline EVENTP_ABI_NAMESPACE::detail {

namespace {

// Also the alignment of a chunk, so that the chunk is found by the address of a task.
constexpr std::size_t chunk_size = std::size_t{16} * 1024;
constexpr std::size_t task_size_max = chunk_size / 16;

struct alignas(64) Chunk {
    /// Tasks that were not freed. While a thread allocates: `open_share` minus the freed ones.
    std::atomic<std::uint32_t> tasks;
};
static_assert(sizeof(Chunk) == 64 && alignof(Chunk) >= task_align);

/// The share of the thread that allocates from the chunk: more than the tasks of any chunk.
constexpr std::uint32_t open_share = 1U << 31U;

void drop(Chunk* chunk, std::uint32_t share) noexcept {
    // Ordering: every use of the chunk happens before it is freed.
    if (chunk->tasks.fetch_sub(share, std::memory_order_acq_rel) == share) {
        ::operator delete(chunk, std::align_val_t{chunk_size});
    }
}

/// Throws std::bad_alloc.
Chunk* make_chunk(std::size_t size, std::uint32_t share) {
    void* where = ::operator new(size, std::align_val_t{chunk_size});
    return ::new (where) Chunk{.tasks = share};
}

/// Where a thread allocates. Without a destructor: that of another thread-local object may post.
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
    // Safety: every task is in a chunk, after its header and less than `chunk_size` from its start.
    const std::size_t offset = reinterpret_cast<std::uintptr_t>(task) % chunk_size;
    drop(reinterpret_cast<Chunk*>(static_cast<std::byte*>(task) - offset), 1);
}

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE::detail
