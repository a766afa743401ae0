// SPDX-License-Identifier: MIT
#include <eventp/exit_status.hpp>

namespace eventp::inline EVENTP_ABI_NAMESPACE {

std::string to_string(ExitStatus status) {
    if (const auto code = status.code()) {
        return "exited with " + std::to_string(*code);
    }
    if (const auto signal = status.signal()) {
        return "killed by signal " + std::to_string(*signal) +
               (status.core_dumped() ? ", core dumped" : "");
    }
    return "unknown";
}

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE
