// SPDX-License-Identifier: MIT
#include "tcp.hpp"

#include <array>
#include <cerrno>
#include <memory>

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace echo {
namespace {

using eventp::OwnedFd;
using eventp::Result;

std::unexpected<std::error_code> last_error() {
    return std::unexpected{std::error_code{errno, std::system_category()}};
}

Result<std::size_t> bytes_or_error(ssize_t count) {
    if (count < 0) {
        return last_error();
    }
    return static_cast<std::size_t>(count);
}

/// Sends small messages at once, without waiting for the acknowledgement of the previous one.
void send_without_delay(const OwnedFd& socket) {
    const int on = 1;
    static_cast<void>(::setsockopt(socket.fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on));
}

struct FreeAddresses {
    void operator()(addrinfo* list) const noexcept { ::freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

Result<Addresses> resolve(const std::string& host, std::uint16_t port, int flags) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = flags | AI_NUMERICSERV;
    addrinfo* list = nullptr;
    const int failure = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list);
    if (failure == EAI_SYSTEM) {
        return last_error();
    }
    if (failure != 0) {
        return std::unexpected{std::make_error_code(std::errc::address_not_available)};
    }
    return Addresses{list};
}

/// A socket for the first address for which `prepare` returns 0; otherwise `prepare` sets errno.
template <typename Prepare>
Result<OwnedFd> first_that_works(const addrinfo* address, Prepare prepare) {
    errno = EADDRNOTAVAIL;
    for (; address != nullptr; address = address->ai_next) {
        OwnedFd socket{::socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
        if (socket && prepare(socket.fd(), *address) == 0) {
            return socket;
        }
    }
    return last_error();
}

}  // namespace

Result<TcpStream> TcpStream::connect(const std::string& host, std::uint16_t port) {
    const Result<Addresses> addresses = resolve(host, port, 0);
    if (!addresses) {
        return std::unexpected{addresses.error()};
    }
    Result<OwnedFd> socket =
        first_that_works(addresses->get(), [](int fd, const addrinfo& address) {
            const int done = ::connect(fd, address.ai_addr, address.ai_addrlen);
            return done < 0 && errno == EINPROGRESS ? 0 : done;
        });
    if (!socket) {
        return std::unexpected{socket.error()};
    }
    send_without_delay(*socket);
    return TcpStream{std::move(*socket)};
}

Result<std::size_t> TcpStream::read(std::span<std::byte> room) {
    return bytes_or_error(::recv(fd(), room.data(), room.size(), 0));
}

Result<std::size_t> TcpStream::write(std::span<const std::byte> data) {
    return bytes_or_error(::send(fd(), data.data(), data.size(), MSG_NOSIGNAL));
}

Result<> TcpStream::shutdown_write() {
    if (::shutdown(fd(), SHUT_WR) < 0) {
        return last_error();
    }
    return {};
}

Result<TcpListener> TcpListener::bind(const std::string& host, std::uint16_t port) {
    const Result<Addresses> addresses = resolve(host, port, AI_PASSIVE);
    if (!addresses) {
        return std::unexpected{addresses.error()};
    }
    Result<OwnedFd> socket =
        first_that_works(addresses->get(), [](int fd, const addrinfo& address) {
            const int on = 1;  // allows a port with connections in TIME_WAIT
            static_cast<void>(::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on));
            const int bound = ::bind(fd, address.ai_addr, address.ai_addrlen);
            return bound < 0 ? bound : ::listen(fd, SOMAXCONN);
        });
    if (!socket) {
        return std::unexpected{socket.error()};
    }
    return TcpListener{std::move(*socket)};
}

Result<TcpStream> TcpListener::accept() {
    OwnedFd accepted{::accept4(fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)};
    if (!accepted) {
        return last_error();
    }
    send_without_delay(accepted);
    return TcpStream{std::move(accepted)};
}

Result<std::string> TcpListener::address() const {
    sockaddr_storage name{};
    socklen_t length = sizeof name;
    // Safety: system calls take every kind of address as a sockaddr.
    auto* const any = reinterpret_cast<sockaddr*>(&name);
    if (::getsockname(fd(), any, &length) < 0) {
        return last_error();
    }
    std::array<char, NI_MAXHOST> host{};
    std::array<char, NI_MAXSERV> port{};
    if (::getnameinfo(any, length, host.data(), host.size(), port.data(), port.size(),
                      NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
        return std::unexpected{std::make_error_code(std::errc::address_not_available)};
    }
    const std::string number = name.ss_family == AF_INET6 ? '[' + std::string{host.data()} + ']'
                                                          : std::string{host.data()};
    return number + ':' + port.data();
}

}  // namespace echo
