// SPDX-License-Identifier: MIT
#include "support/allocations.hpp"

#include <algorithm>
#include <cstdlib>
#include <new>

namespace {

constexpr int never = -1;

// Constant-initialised: operator new runs before main(). One thread uses it.
constinit eventp::support::Allocations count;
constinit int until_failure = never;
constinit bool failed = false;

void* allocate(std::size_t size, std::size_t align) {
    if (until_failure == 0) {
        until_failure = never;
        failed = true;
#if defined(__cpp_exceptions)
        throw std::bad_alloc{};
#endif
    }
    until_failure -= until_failure > 0 ? 1 : 0;
    const std::size_t rounded = (std::max<std::size_t>(size, 1) + align - 1) / align * align;
    void* memory = std::aligned_alloc(align, rounded);
    if (memory == nullptr) {
        std::abort();  // no test wants the machine to run out of memory
    }
    ++count.made;
    ++count.live;
    count.last_size = size;
    return memory;
}

void release(void* memory) noexcept {
    count.live -= memory == nullptr ? 0 : 1;
    std::free(memory);
}

}  // namespace

namespace eventp::support {

Allocations allocations() noexcept {
    return count;
}
FailingNew::FailingNew(int nth) noexcept {
    until_failure = nth;
    failed = false;
}
FailingNew::~FailingNew() {
    until_failure = never;
}
bool FailingNew::has_failed() const noexcept {
    return failed;
}

}  // namespace eventp::support

// The array forms are spelled out because sanitizers have their own. The compiler must not see
// through a pair.
[[gnu::noinline]] void* operator new(std::size_t size) {
    return allocate(size, __STDCPP_DEFAULT_NEW_ALIGNMENT__);
}
[[gnu::noinline]] void* operator new(std::size_t size, std::align_val_t align) {
    return allocate(size, static_cast<std::size_t>(align));
}
[[gnu::noinline]] void* operator new[](std::size_t size) {
    return allocate(size, __STDCPP_DEFAULT_NEW_ALIGNMENT__);
}
[[gnu::noinline]] void* operator new[](std::size_t size, std::align_val_t align) {
    return allocate(size, static_cast<std::size_t>(align));
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
    release(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t /*size*/) noexcept {
    release(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::align_val_t /*align*/) noexcept {
    release(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t /*size*/,
                                       std::align_val_t /*align*/) noexcept {
    release(memory);
}
[[gnu::noinline]] void operator delete[](void* memory) noexcept {
    release(memory);
}
[[gnu::noinline]] void operator delete[](void* memory, std::size_t /*size*/) noexcept {
    release(memory);
}
[[gnu::noinline]] void operator delete[](void* memory, std::align_val_t /*align*/) noexcept {
    release(memory);
}
[[gnu::noinline]] void operator delete[](void* memory, std::size_t /*size*/,
                                         std::align_val_t /*align*/) noexcept {
    release(memory);
}
