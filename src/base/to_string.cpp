// SPDX-License-Identifier: MIT
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include <sys/epoll.h>

#include <eventp/event.hpp>
#include <eventp/interest.hpp>
#include <eventp/registration_id.hpp>

namespace eventp::inline EVENTP_ABI_NAMESPACE {

namespace {

struct NamedBit {
    std::uint32_t bit;
    std::string_view name;
};

constexpr std::array names{
    NamedBit{EPOLLIN, "EPOLLIN"},
    NamedBit{EPOLLPRI, "EPOLLPRI"},
    NamedBit{EPOLLOUT, "EPOLLOUT"},
    NamedBit{EPOLLERR, "EPOLLERR"},
    NamedBit{EPOLLHUP, "EPOLLHUP"},
    NamedBit{EPOLLRDNORM, "EPOLLRDNORM"},
    NamedBit{EPOLLRDBAND, "EPOLLRDBAND"},
    NamedBit{EPOLLWRNORM, "EPOLLWRNORM"},
    NamedBit{EPOLLWRBAND, "EPOLLWRBAND"},
    NamedBit{EPOLLMSG, "EPOLLMSG"},
    NamedBit{EPOLLRDHUP, "EPOLLRDHUP"},
    NamedBit{EPOLLEXCLUSIVE, "EPOLLEXCLUSIVE"},
    NamedBit{EPOLLWAKEUP, "EPOLLWAKEUP"},
    NamedBit{EPOLLONESHOT, "EPOLLONESHOT"},
    NamedBit{std::uint32_t{EPOLLET}, "EPOLLET"},
};

std::string joined(std::uint32_t bits) {
    std::string out;
    const auto append = [&out](std::string_view part) {
        out += out.empty() ? "" : "|";
        out += part;
    };
    for (const NamedBit& named : names) {
        if ((bits & named.bit) != 0) {
            append(named.name);
            bits &= ~named.bit;
        }
    }
    if (bits != 0 || out.empty()) {
        append(std::to_string(bits));
    }
    return out;
}

}  // namespace

std::string to_string(Interest interest) {
    return joined(interest.bits());
}

std::string to_string(Event event) {
    return joined(event.bits());
}

std::string to_string(RegistrationId registration) {
    return std::to_string(registration.fd()) + '#' + std::to_string(registration.generation());
}

}  // namespace eventp::inline EVENTP_ABI_NAMESPACE
