// SPDX-License-Identifier: MIT
#pragma once

// The library, from the reactor down, in this translation unit: with weak_memory.hpp in front of
// the standard library, and kernel.hpp in place of src/sys.
#include <cerrno>
#include <new>

#include "kernel.hpp"

// All of a run in one function takes minutes to compile when the atomics are simulated.
#define flatten noinline

#include "base/assert.cpp"
#include "base/contract.cpp"
#include "base/fd.cpp"
#include "core/epoll_set.cpp"
#include "core/registry.cpp"
#include "core/remote_channel.cpp"
#include "core/slot.cpp"
#include "reactor/add_modify.cpp"
#include "reactor/dispatch.cpp"
#include "reactor/fork.cpp"
#include "reactor/pollable.cpp"
#include "reactor/reactor.cpp"
#include "reactor/rebuild.cpp"
#include "reactor/remove.cpp"
#include "reactor/settle.cpp"
#include "reactor/slow_wait.cpp"
#include "reactor/special_slots.cpp"
#include "remote/remote_endpoint.cpp"

#undef flatten

namespace eventp::inline EVENTP_ABI_NAMESPACE::sys {

using relacy::Eventfd;
using relacy::Kernel;

int epoll_create() noexcept {
    return Kernel::current().descriptors++;
}
int epoll_add(int /*set*/, int /*fd*/, std::uint32_t /*events*/, void* data) noexcept {
    Kernel::current().registered = data;
    return 0;
}
int epoll_modify(int /*set*/, int /*fd*/, std::uint32_t /*events*/, void* /*data*/) noexcept {
    return -ENOENT;
}
int epoll_remove(int /*set*/, int /*fd*/) noexcept {
    return -ENOENT;
}

int epoll_wait(int /*set*/, epoll_event* events, int /*capacity*/, std::int64_t timeout_ns) {
    Kernel& kernel = Kernel::current();
    const auto how = timeout_ns == 0  ? Eventfd::Wait::poll
                     : timeout_ns < 0 ? Eventfd::Wait::sleep
                                      : Eventfd::Wait::sleep_a_while;
    ++kernel.waits;
    if (!kernel.eventfd.wait(how)) {
        return 0;
    }
    events[0] = epoll_event{.events = EPOLLIN, .data = {.ptr = kernel.registered}};
    return 1;
}
int epoll_wait_ms(int set, epoll_event* events, int capacity, int timeout_ms) {
    return sys::epoll_wait(set, events, capacity, std::int64_t{timeout_ms});
}
int wait_readable(int /*fd*/, std::int64_t /*timeout_ns*/) {
    return -ENOSYS;
}

int eventfd() noexcept {
    return Kernel::current().descriptors++;
}
int eventfd_add(int /*fd*/) noexcept {
    Kernel::current().eventfd.add();
    return 0;
}
int eventfd_drain(int /*fd*/) noexcept {
    return 0;
}

int replace(int /*from*/, int /*to*/) noexcept {
    return -ENOSYS;
}
bool is_open(int /*fd*/) noexcept {
    return true;
}
void close(int /*fd*/) noexcept {}

std::int64_t clock_now(int /*clock*/) noexcept {
    return 0;
}

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE::sys

namespace eventp::inline EVENTP_ABI_NAMESPACE::detail {

int prepare_fork_detection() noexcept {
    return 0;
}
ProcessNumber current_process() noexcept {
    return 1;
}

WipedMemory::WipedMemory() noexcept : cell_{new WipedCell} {}
WipedMemory::~WipedMemory() {
    delete cell_;
}

void* allocate_task(std::size_t size) {
    return ::operator new(size);
}
void free_task(void* task) noexcept {
    ::operator delete(task);
}

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE::detail
