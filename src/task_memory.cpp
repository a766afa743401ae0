// SPDX-License-Identifier: MIT
#include <new>

#include <eventp/detail/task.hpp>

namespace eventp::detail {

void* allocate_task(std::size_t size) {
    return ::operator new(size);
}

void free_task(void* task, std::size_t /*size*/) noexcept {
    ::operator delete(task);
}

}  // namespace eventp::detail
