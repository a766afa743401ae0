// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace eventp::support {

/// The calls of the library that a test can make fail; `ld --wrap` puts faults.cpp in between.
enum class Call : std::uint8_t {
    epoll_create,
    epoll_add,
    epoll_modify,
    epoll_delete,
    epoll_wait,
    epoll_pwait2,
    eventfd,
    dup3,
};
inline constexpr std::size_t calls = 8;

/// Makes calls fail with an errno, which the real call never sees, for as long as it lives.
class Fault {
public:
    static constexpr int any = -1;
    static constexpr int always = -1;

    /// The calls of `call` from the `first` one on (0: the next), `times` of them.
    Fault(Call call, int error, int first = 0, int times = always) noexcept;
    /// The nth call of the library from now on, whatever it is.
    static Fault of_nth(int nth, int error) noexcept;
    Fault(const Fault&) = delete;
    Fault& operator=(const Fault&) = delete;
    ~Fault();

    /// How many calls it has made fail.
    [[nodiscard]] int struck() const noexcept;

private:
    Fault() noexcept = default;
};

/// The milliseconds that the last epoll_wait(2) was given.
[[nodiscard]] int last_timeout_ms() noexcept;
/// How often a call was made, failed or not.
[[nodiscard]] int made(Call call) noexcept;

}  // namespace eventp::support
