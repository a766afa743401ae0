// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <ostream>

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>

namespace eventp::support {

/// A system call with any arguments, or with one value of one argument.
struct SystemCall {
    const char* name;
    long number;
    int argument;  // -1: any arguments
    unsigned value;

    friend std::ostream& operator<<(std::ostream& out, const SystemCall& call) {
        return out << call.name;
    }
};

/// From here on the call fails with `error` in this thread and in the children that it makes. False
/// if this kernel has no filters, or the process may not install one.
[[nodiscard]] inline bool refuse(const SystemCall& call, int error) {
    // A filter loads 32 bits at a time.
    constexpr unsigned low_half = std::endian::native == std::endian::little ? 0 : 4;
    const auto argument = static_cast<unsigned>(call.argument < 0 ? 0 : call.argument);
    const auto offset =
        static_cast<unsigned>(offsetof(seccomp_data, args)) + 8 * argument + low_half;
    const auto number = static_cast<unsigned>(call.number);
    const auto result = SECCOMP_RET_ERRNO | static_cast<unsigned>(error);
    std::array<sock_filter, 6> program{{
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call.value, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, result),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    }};
    if (call.argument < 0) {
        program[3] = BPF_STMT(BPF_RET | BPF_K, result);
    }
    sock_fprog filter{.len = program.size(), .filter = program.data()};
    return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

}  // namespace eventp::support
