// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <system_error>
#include <utility>

#include <eventp/fd.hpp>
#include <eventp/result.hpp>

namespace echo {

/// What a connection needs from its socket. No function blocks: it fails with operation_would_block
/// instead.
template <typename S>
concept Stream = eventp::Descriptor<S> && std::movable<S> &&
                 requires(S& x, std::span<std::byte> room, std::span<const std::byte> data) {
                     { x.read(room) } -> std::same_as<eventp::Result<std::size_t>>;  // 0: the end
                     { x.write(data) } -> std::same_as<eventp::Result<std::size_t>>;
                     { x.shutdown_write() } -> std::same_as<eventp::Result<>>;
                 };

/// What the handler of a listening socket needs from it. accept() does not block either.
template <typename A>
concept Acceptor = eventp::Descriptor<A> &&
                   requires(A& x) { requires Stream<typename decltype(x.accept())::value_type>; };

[[nodiscard]] inline bool would_block(std::error_code error) noexcept {
    return error == std::errc::operation_would_block ||
           error == std::errc::resource_unavailable_try_again;
}

/// A connected socket that never blocks and never raises SIGPIPE.
class TcpStream {
public:
    explicit TcpStream(eventp::OwnedFd fd) noexcept : fd_{std::move(fd)} {}

    /// Begins to connect. The attempt has ended when the socket is writable; it may have failed.
    [[nodiscard]] static eventp::Result<TcpStream> connect(const std::string& host,
                                                           std::uint16_t port);

    [[nodiscard]] int fd() const noexcept { return fd_.fd(); }
    [[nodiscard]] eventp::Result<std::size_t> read(std::span<std::byte> room);
    [[nodiscard]] eventp::Result<std::size_t> write(std::span<const std::byte> data);
    [[nodiscard]] eventp::Result<> shutdown_write();

private:
    eventp::OwnedFd fd_;
};

/// A listening socket that never blocks.
class TcpListener {
public:
    /// Listens on `port` of `host`, an IPv4 or IPv6 address or a name; 0 chooses a free port.
    [[nodiscard]] static eventp::Result<TcpListener> bind(const std::string& host,
                                                          std::uint16_t port);

    [[nodiscard]] int fd() const noexcept { return fd_.fd(); }
    [[nodiscard]] eventp::Result<TcpStream> accept();
    /// The address that it listens on: "127.0.0.1:3000", "[::1]:3000".
    [[nodiscard]] eventp::Result<std::string> address() const;

private:
    explicit TcpListener(eventp::OwnedFd fd) noexcept : fd_{std::move(fd)} {}

    eventp::OwnedFd fd_;
};

static_assert(Stream<TcpStream>);
static_assert(Acceptor<TcpListener>);

}  // namespace echo
