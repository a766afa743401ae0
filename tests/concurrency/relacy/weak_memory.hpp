// SPDX-License-Identifier: MIT
#pragma once

// Names that hide those of the standard library, so that the library's own sources run under
// Relacy, a checker that simulates threads and weak memory. In namespace eventp, `std` is
// eventp::std from here on: it has the names below, and all others of ::std.
//
// Relacy replaces words such as memory_order_relaxed by macros, which must not reach other headers:
// the headers of the standard library are included before it, and the macros are removed after it.
#if defined(EVENTP_API)
#error "include weak_memory.hpp before any header of the library (-include weak_memory.hpp)"
#endif

#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <coroutine>
#include <exception>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <source_location>
#include <stop_token>
#include <string>
#include <system_error>
#include <type_traits>
#include <vector>

#pragma push_macro("errno")
#pragma push_macro("assert")
#include <relacy/relacy.hpp>
#undef assert
#undef calloc
#undef delete
#undef errno
#undef free
#undef malloc
#undef memory_order_acq_rel
#undef memory_order_acquire
#undef memory_order_consume
#undef memory_order_relaxed
#undef memory_order_release
#undef memory_order_seq_cst
#undef new
#undef realloc
#pragma pop_macro("assert")
#pragma pop_macro("errno")

namespace eventp::relacy {

using Here = ::std::source_location;

inline rl::debug_info info(const Here& here) {
    return {here.function_name(), here.file_name(), here.line()};
}

inline rl::memory_order order_of(::std::memory_order order) {
    switch (order) {
        case ::std::memory_order_relaxed:
            return rl::mo_relaxed;
        case ::std::memory_order_consume:
            return rl::mo_consume;
        case ::std::memory_order_acquire:
            return rl::mo_acquire;
        case ::std::memory_order_release:
            return rl::mo_release;
        case ::std::memory_order_acq_rel:
            return rl::mo_acq_rel;
        case ::std::memory_order_seq_cst:
            break;
    }
    return rl::mo_seq_cst;
}

/// A plain variable whose data races are found. It is what the orders of the atomics protect.
template <typename T>
class Plain {
public:
    explicit Plain(T value) : value_{value} {}

    [[nodiscard]] T get(Here here = Here::current()) const { return value_(info(here)).load(); }
    void set(T value, Here here = Here::current()) { value_(info(here)).store(value); }

private:
    rl::var<T> value_;
};

inline void check(bool holds, const char* what, Here here = Here::current()) {
    if (!holds) {
        rl::ctx().fail_test(what, rl::test_result_user_assert_failed, info(here));
    }
}

}  // namespace eventp::relacy

namespace eventp::std {

using namespace ::std;

template <typename T>
class atomic {
public:
    using Here = relacy::Here;

    // NOLINTNEXTLINE(google-explicit-constructor): ::std::atomic's is implicit, too.
    atomic(T value) : value_{value} {}

    T load(memory_order order = memory_order_seq_cst, Here here = Here::current()) const {
        return value_.load(relacy::order_of(order), relacy::info(here));
    }
    void store(T value, memory_order order = memory_order_seq_cst, Here here = Here::current()) {
        value_.store(value, relacy::order_of(order), relacy::info(here));
    }
    T exchange(T value, memory_order order = memory_order_seq_cst, Here here = Here::current()) {
        return proxy(here).exchange(value, relacy::order_of(order));
    }
    T fetch_add(T value, memory_order order = memory_order_seq_cst, Here here = Here::current()) {
        return proxy(here).fetch_add(value, relacy::order_of(order));
    }
    T fetch_sub(T value, memory_order order = memory_order_seq_cst, Here here = Here::current()) {
        return proxy(here).fetch_sub(value, relacy::order_of(order));
    }
    bool compare_exchange_weak(T& expected, T desired, memory_order success, memory_order failure,
                               Here here = Here::current()) {
        return proxy(here).compare_exchange_weak(expected, desired, relacy::order_of(success),
                                                 relacy::order_of(failure));
    }

private:
    rl::atomic_proxy<T> proxy(const Here& here) { return value_(relacy::info(here)); }

    rl::atomic<T> value_;
};

class mutex {
public:
    using Here = relacy::Here;

    void lock(Here here = Here::current()) { mutex_.lock(relacy::info(here)); }
    bool try_lock(Here here = Here::current()) { return mutex_.try_lock(relacy::info(here)); }
    void unlock(Here here = Here::current()) { mutex_.unlock(relacy::info(here)); }

private:
    rl::mutex mutex_;
};

/// Waits end spuriously, too, and timed ones whenever the scheduler wants.
class condition_variable {
public:
    using Here = relacy::Here;

    condition_variable() { waiting_.init(true, relacy::info(Here::current())); }
    condition_variable(const condition_variable&) = delete;
    condition_variable& operator=(const condition_variable&) = delete;
    ~condition_variable() { waiting_.deinit(relacy::info(Here::current())); }

    void notify_one(Here here = Here::current()) { waiting_.notify_one(relacy::info(here)); }
    void notify_all(Here here = Here::current()) { waiting_.notify_all(relacy::info(here)); }

    template <typename Predicate>
    void wait(unique_lock<mutex>& lock, Predicate holds, Here here = Here::current()) {
        Unlocked unlocked{lock};
        while (!holds()) {
            waiting_.wait(unlocked, false, relacy::info(here));
        }
    }
    template <typename Time, typename Predicate>
    bool wait_until(unique_lock<mutex>& lock, const Time& /*deadline*/, Predicate holds,
                    Here here = Here::current()) {
        Unlocked unlocked{lock};
        while (!holds()) {
            if (waiting_.wait(unlocked, true, relacy::info(here)) ==
                rl::sema_wakeup_reason_timeout) {
                return holds();
            }
        }
        return true;
    }

private:
    struct Tag;
    /// A lock as Relacy wants it.
    struct Unlocked {
        unique_lock<mutex>& lock_;
        void lock(const rl::debug_info& /*info*/) { lock_.lock(); }
        void unlock(const rl::debug_info& /*info*/) { lock_.unlock(); }
    };

    rl::condvar<Tag> waiting_;
};

// Counters of ids and of owners, and the thread that uses a reactor, are not what is verified here.
template <>
class atomic<::std::uint32_t> : public ::std::atomic<::std::uint32_t> {
    using ::std::atomic<::std::uint32_t>::atomic;
};
template <>
class atomic<const void*> : public ::std::atomic<const void*> {
    using ::std::atomic<const void*>::atomic;
};

}  // namespace eventp::std
