// SPDX-License-Identifier: MIT
//
// Sends numbered lines to an echo server, each one after the line before has come back. If the
// connection is refused or lost, the client connects again after a delay that doubles each time,
// and repeats the line that has not come back:
//
//     echo_server --port 3000 &
//     reconnecting_client --port 3000 --lines 5
//
// One subscriber lives through all connections. It is paused when a connection is lost; the handler
// of a timer extracts it, replaces its socket, and adds it again.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <span>
#include <string>
#include <system_error>
#include <utility>

#include <eventp/eventp.hpp>
#include <eventp/timer.hpp>

#include "command_line.hpp"
#include "echo/tcp.hpp"

namespace {

using std::chrono::milliseconds;

constexpr const char* usage =
    "usage: reconnecting_client --port N [--host ADDRESS] [--lines N] [--delay MS]\n"
    "  --port N        where the server listens\n"
    "  --host ADDRESS  (127.0.0.1)\n"
    "  --lines N       how many lines to send (3)\n"
    "  --delay MS      before the first attempt to connect again (100)\n";

constexpr milliseconds longest_delay{10'000};

struct Options {
    std::string host = "127.0.0.1";
    std::uint16_t port = 0;
    std::uint32_t lines = 3;
    std::uint32_t delay_ms = 100;
};

/// Returns false if the command line is invalid.
bool parse(example::CommandLine words, Options& out) {
    while (!words.at_end()) {
        bool is_valid = false;
        if (words.take("--host")) {
            is_valid = words.value(out.host);
        } else if (words.take("--port")) {
            is_valid = words.value<std::uint16_t>(out.port, 1, 65535);
        } else if (words.take("--lines")) {
            is_valid = words.value<std::uint32_t>(out.lines, 1, 1'000'000);
        } else if (words.take("--delay")) {
            is_valid = words.value<std::uint32_t>(out.delay_ms, 1, 10'000);
        }
        if (!is_valid) {
            return false;
        }
    }
    return out.port != 0;
}

/// A socket, and the line that is sent through it. The line survives the socket.
class Client {
public:
    [[nodiscard]] int fd() const noexcept { return stream_.fd(); }
    [[nodiscard]] std::uint32_t echoed() const noexcept { return echoed_; }

    /// Closes the old socket. The line is sent from its beginning through the new one.
    void use(echo::TcpStream stream) {
        stream_ = std::move(stream);
        sent_ = 0;
        received_.clear();
    }

    /// Sends and receives until the socket would block, which is no error, or until `lines` lines
    /// have come back. On an error the connection is lost.
    eventp::Result<> advance(std::uint32_t lines) {
        while (echoed_ < lines) {
            if (auto exchanged = exchange(); !exchanged) {
                return echo::would_block(exchanged.error()) ? eventp::Result<>{} : exchanged;
            }
            std::printf("echoed: %s", line_.c_str());
            line_ = "line " + std::to_string(++echoed_ + 1) + '\n';
            sent_ = 0;
            received_.clear();
        }
        return {};
    }

private:
    eventp::Result<> exchange() {
        while (sent_ < line_.size()) {
            const auto count = stream_.write(std::as_bytes(std::span{line_}).subspan(sent_));
            if (!count) {
                return std::unexpected{count.error()};
            }
            sent_ += *count;
        }
        while (received_.size() < line_.size()) {
            std::string part(line_.size() - received_.size(), '\0');
            const auto count = stream_.read(std::as_writable_bytes(std::span{part}));
            if (!count) {
                return std::unexpected{count.error()};
            }
            if (*count == 0) {
                return std::unexpected{std::make_error_code(std::errc::connection_reset)};
            }
            received_.append(part, 0, *count);
        }
        return received_ == line_ ? eventp::Result<>{}
                                  : std::unexpected{std::make_error_code(std::errc::bad_message)};
    }

    echo::TcpStream stream_{eventp::OwnedFd{}};
    std::string line_ = "line 1\n";
    std::string received_;
    std::size_t sent_ = 0;
    std::uint32_t echoed_ = 0;
};

/// Owns the subscriber whenever the reactor does not, and connects it again.
class Session {
public:
    Session(eventp::Timers& timers, const Options& options)
        : timers_{timers},
          options_{options},
          // Paused at first, as it is after each lost connection.
          subscriber_{eventp::interest()
                          .with_fd(Client{})
                          .with_handler<&Session::on_ready>(*this)
                          .build()} {}
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    ~Session() = default;

    /// The reactor was stopped because no timer could be armed.
    [[nodiscard]] bool has_failed() const noexcept { return has_failed_; }

    /// Not for the handler of the subscriber: extract() does not return a running subscriber.
    void connect(eventp::ReactorOps& reactor) {
        if (!subscriber_) {
            subscriber_ = reactor.extract(id_);
        }
        if (const auto connected = try_to_connect(reactor); !connected) {
            connect_later(connected.error(), reactor);
        }
    }

private:
    static constexpr eventp::Interest watched = eventp::interest().edge_triggered().read_write();

    eventp::Result<> try_to_connect(eventp::ReactorOps& reactor) {
        auto* client = subscriber_.find<Client>();
        if (client == nullptr) {
            return std::unexpected{std::make_error_code(std::errc::device_or_resource_busy)};
        }
        auto stream = echo::TcpStream::connect(options_.host, options_.port);
        if (!stream) {
            return std::unexpected{stream.error()};
        }
        client->use(std::move(*stream));
        const auto added = reactor.add(subscriber_);  // on an error, it stays here
        if (!added) {
            return std::unexpected{added.error()};
        }
        id_ = *added;  // of the new descriptor
        return reactor.modify(id_, watched);
    }

    void on_ready(Client& client, eventp::RegistrationId self, eventp::ReactorOps& reactor) {
        const std::uint32_t echoed_before = client.echoed();
        const auto advanced = client.advance(options_.lines);
        if (client.echoed() > echoed_before) {
            delay_ = milliseconds{options_.delay_ms};  // the server works
        }
        if (!advanced) {
            // Until the timer fires, the lost connection must not be reported again.
            static_cast<void>(reactor.modify(self, eventp::Interest{}));
            connect_later(advanced.error(), reactor);
        } else if (client.echoed() == options_.lines) {
            reactor.stop();
        }
    }

    void connect_later(std::error_code why, eventp::ReactorOps& reactor) {
        std::printf("%s: connecting again in %d ms\n", why.message().c_str(),
                    static_cast<int>(delay_.count()));
        const auto armed = timers_.after<&Session::connect>(delay_, *this);
        if (!armed) {
            has_failed_ = true;
            reactor.stop();
        }
        delay_ = std::min(2 * delay_, longest_delay);
    }

    eventp::Timers& timers_;
    const Options& options_;
    eventp::AnySubscriber subscriber_;  // empty while it is registered
    eventp::RegistrationId id_;
    milliseconds delay_{options_.delay_ms};
    bool has_failed_ = false;
};

int fail(const char* what) {
    static_cast<void>(std::fprintf(stderr, "reconnecting_client: %s\n", what));
    return 1;
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    if (!parse(example::CommandLine{argc, argv}, options)) {
        static_cast<void>(std::fputs(usage, stderr));
        return 2;
    }
    static_cast<void>(std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ));
    eventp::Reactor reactor;
    auto timers = eventp::Timers::create(reactor);
    if (!timers) {
        return fail("cannot create timers");
    }
    Session session{*timers, options};
    session.connect(reactor);
    if (!reactor.run() || session.has_failed()) {
        return fail("the reactor failed");
    }
    return 0;
}
