// SPDX-License-Identifier: MIT
#pragma once

// Stands in for src/sys and src/base/fork_guard.cpp: the system calls that one reactor makes which
// watches nothing but its eventfd, in a world without forks.
#include <cstddef>
#include <cstdint>

#include <sys/epoll.h>

#include "base/fork_guard.hpp"
#include "sys/memory.hpp"
#include "sys/syscall.hpp"
#include "sys/timerfd.hpp"
#include "weak_memory.hpp"

namespace eventp::relacy {

/// An eventfd that is registered edge-triggered. Ordering: in the kernel, a write and the wait that
/// returns its edge take the same lock, so all writes before happen before the wait returns.
class Eventfd {
public:
    Eventfd() { edge_.init(false, false, info(Here::current())); }
    Eventfd(const Eventfd&) = delete;
    Eventfd& operator=(const Eventfd&) = delete;
    ~Eventfd() { edge_.deinit(info(Here::current())); }

    void add(Here here = Here::current()) {
        ++writes_;
        lock_.fetch_add(1, ::std::memory_order_acq_rel);
        edge_.set(info(here));
    }
    enum class Wait : ::std::uint8_t { poll, sleep, sleep_a_while };
    /// False if there is no edge.
    [[nodiscard]] bool wait(Wait how, Here here = Here::current()) {
        const auto why = edge_.wait(how == Wait::poll, how == Wait::sleep_a_while, info(here));
        lock_.fetch_add(1, ::std::memory_order_acq_rel);
        return why == rl::sema_wakeup_reason_success;
    }

    [[nodiscard]] int writes() const { return writes_; }

private:
    rl::generic_event edge_;
    std::atomic<int> lock_{0};
    int writes_ = 0;
};

/// Of the reactor of this execution.
struct Kernel {
    static Kernel& current() { return *instance; }

    Kernel() { instance = this; }
    Kernel(const Kernel&) = delete;
    Kernel& operator=(const Kernel&) = delete;
    ~Kernel() { instance = nullptr; }

    inline static Kernel* instance = nullptr;

    Eventfd eventfd;
    int waits = 0;
    void* registered = nullptr;
    int descriptors = 100;
};

}  // namespace eventp::relacy
