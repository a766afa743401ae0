// SPDX-License-Identifier: MIT
#pragma once

#include <cerrno>

#include <eventp/version.hpp>

namespace eventp::inline EVENTP_ABI_NAMESPACE::sys {

/// Restores errno when it is destroyed: a destructor may run between a failed call and the code
/// that reads errno.
class ErrnoScope {
public:
    ErrnoScope() noexcept = default;
    ErrnoScope(const ErrnoScope&) = delete;
    ErrnoScope& operator=(const ErrnoScope&) = delete;
    ~ErrnoScope() { errno = before_; }

private:
    int before_ = errno;
};

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE::sys
