// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <gmock/gmock.h>

#include <eventp/result.hpp>

#include "examples/echo/tcp.hpp"

namespace eventp::support {

/// A socket whose results a test defines.
class MockSocket {
public:
    explicit MockSocket(int number) : number_{number} {}

    MOCK_METHOD(Result<std::size_t>, read, (std::span<std::byte> room));
    MOCK_METHOD(Result<std::size_t>, write, (std::string_view data));
    MOCK_METHOD(Result<>, shutdown_write, ());
    /// When its last owner is destroyed.
    MOCK_METHOD(void, close, ());

    [[nodiscard]] int fd() const noexcept { return number_; }

private:
    int number_;
};

/// A Stream over a MockSocket of the test's.
class MockStream {
public:
    explicit MockStream(MockSocket& socket)
        : socket_{&socket, [](MockSocket* mock) { mock->close(); }} {}

    [[nodiscard]] int fd() const { return socket_->fd(); }
    [[nodiscard]] Result<std::size_t> read(std::span<std::byte> room) {
        return socket_->read(room);
    }
    [[nodiscard]] Result<std::size_t> write(std::span<const std::byte> data) {
        // Safety: any object may be looked at as chars.
        return socket_->write({reinterpret_cast<const char*>(data.data()), data.size()});
    }
    [[nodiscard]] Result<> shutdown_write() { return socket_->shutdown_write(); }

private:
    std::shared_ptr<MockSocket> socket_;
};
static_assert(echo::Stream<MockStream>);

// What a read answers.

/// `text`, or as much of it as there is room for.
inline auto gives(std::string text) {
    return [text = std::move(text)](std::span<std::byte> room) -> Result<std::size_t> {
        const std::size_t count = std::min(room.size(), text.size());
        std::memcpy(room.data(), text.data(), count);
        return count;
    };
}
/// As many bytes as there is room for.
inline Result<std::size_t> fills(std::span<std::byte> room) {
    std::ranges::fill(room, std::byte{'x'});
    return room.size();
}
inline Result<std::size_t> ends(std::span<std::byte> /*room*/) {
    return std::size_t{0};
}

// What a write answers.

inline Result<std::size_t> takes_all(std::string_view data) {
    return data.size();
}
inline auto takes(std::size_t count) {
    return [count](std::string_view) -> Result<std::size_t> { return count; };
}

// What either answers.

inline auto refuses(std::errc why) {
    return [why](const auto&) -> Result<std::size_t> { return eventp::detail::error(why); };
}
inline auto blocks() {
    return refuses(std::errc::operation_would_block);
}

}  // namespace eventp::support
