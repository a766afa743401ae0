// SPDX-License-Identifier: MIT
#include "support/counted_new.hpp"

#include <algorithm>
#include <cstdlib>
#include <new>

namespace {

// Constant-initialised: operator new runs before main(). One thread uses it.
constinit eventp::support::Allocations count;

void* counted(std::size_t size, std::size_t align) {
    const std::size_t rounded = (std::max<std::size_t>(size, 1) + align - 1) / align * align;
    void* memory = std::aligned_alloc(align, rounded);
    if (memory == nullptr) {
        std::abort();  // no test of this program wants to run out of memory
    }
    ++count.made;
    ++count.live;
    count.last_size = size;
    return memory;
}

void uncounted(void* memory) noexcept {
    count.live -= memory == nullptr ? 0 : 1;
    std::free(memory);
}

}  // namespace

namespace eventp::support {

Allocations allocations() noexcept {
    return count;
}

}  // namespace eventp::support

// The array and the nothrow forms come here too. The compiler must not see through a pair.
[[gnu::noinline]] void* operator new(std::size_t size) {
    return counted(size, __STDCPP_DEFAULT_NEW_ALIGNMENT__);
}
[[gnu::noinline]] void* operator new(std::size_t size, std::align_val_t align) {
    return counted(size, static_cast<std::size_t>(align));
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
    uncounted(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t /*size*/) noexcept {
    uncounted(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::align_val_t /*align*/) noexcept {
    uncounted(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t /*size*/,
                                       std::align_val_t /*align*/) noexcept {
    uncounted(memory);
}
