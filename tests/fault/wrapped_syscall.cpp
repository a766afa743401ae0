// SPDX-License-Identifier: MIT
#include "fault/wrapped_syscall.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstddef>

namespace {

constexpr long none = -1;

// Threads of a test call concurrently; only one of them replaces.
std::array<std::atomic<int>, 1024> calls;
std::atomic<int> calls_of_any{0};
std::atomic<long> replaced{none};
std::atomic<int> result_instead{0};
std::atomic<int> still_passing{0};

}  // namespace

extern "C" {
// NOLINTBEGIN(bugprone-reserved-identifier, readability-identifier-naming, cert-dcl50-cpp): the
// names that the linker makes, and a function with the parameters of syscall(2).
long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...) {
    calls.at(static_cast<std::size_t>(number)).fetch_add(1);
    calls_of_any.fetch_add(1);
    if (number == replaced.load() && still_passing.fetch_sub(1) <= 0) {
        const int result = result_instead.load();
        errno = result < 0 ? -result : errno;
        return result < 0 ? -1 : result;
    }
    std::va_list arguments;
    va_start(arguments, number);
    std::array<long, 5> each{};  // no call of the library has more
    for (long& argument : each) {
        argument = va_arg(arguments, long);  // as syscall(2) itself does, however many there are
    }
    va_end(arguments);
    return __real_syscall(number, each[0], each[1], each[2], each[3], each[4]);
}
// NOLINTEND(bugprone-reserved-identifier, readability-identifier-naming, cert-dcl50-cpp)
}

namespace eventp::support {

int calls_of(long number) noexcept {
    return calls.at(static_cast<std::size_t>(number)).load();
}

int all_calls() noexcept {
    return calls_of_any.load();
}

ReplacedSyscall::ReplacedSyscall(long number, int result, int passing) noexcept {
    result_instead.store(result);
    still_passing.store(passing);
    replaced.store(number);
}

ReplacedSyscall::~ReplacedSyscall() {
    replaced.store(none);
}

}  // namespace eventp::support
