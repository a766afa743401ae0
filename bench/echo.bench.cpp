// SPDX-License-Identifier: MIT
//
// A TCP server that sends requests back, on loopback: processor time of the server per request.
//
// Server and client share a core, and neither is preempted when the other becomes runnable
// (SCHED_BATCH). So all requests of a round have arrived before the server looks: every peer gets
// the same batches, and the peers differ in how they handle them only.
#include <array>
#include <memory>
#include <span>
#include <thread>
#include <utility>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/socket.h>

#include "groups.hpp"
#include "peers/all.hpp"
#include "sources.hpp"

namespace bench {

namespace {

/// Connected pairs: the server's sockets are non-blocking, the client's blocking.
class Connections {
public:
    explicit Connections(std::size_t count) {
        const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t length = sizeof address;
        auto* any = reinterpret_cast<sockaddr*>(&address);
        expect(::bind(listener, any, length) == 0 && ::listen(listener, 16) == 0 &&
                   ::getsockname(listener, any, &length) == 0,
               "cannot listen on loopback");
        while (servers_.size() < count) {
            const int client = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
            expect(::connect(client, any, length) == 0, "cannot connect to loopback");
            const int server = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
            expect(server >= 0, "cannot accept");
            for (const int fd : {client, server}) {
                const int on = 1;
                ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            }
            clients_.push_back(client);
            servers_.push_back(server);
        }
        ::close(listener);
    }
    Connections(const Connections&) = delete;
    Connections& operator=(const Connections&) = delete;
    ~Connections() {
        for (const auto* side : {&clients_, &servers_}) {
            for (const int fd : *side) {
                ::close(fd);
            }
        }
    }

    [[nodiscard]] std::span<const int> clients() const noexcept { return clients_; }
    [[nodiscard]] std::span<const int> servers() const noexcept { return servers_; }

private:
    std::vector<int> clients_, servers_;
};

void send_requests(std::span<const int> clients, std::uint64_t rounds) {
    std::array<char, request_size> request{};
    for (std::uint64_t round = 0; round < rounds; ++round) {
        for (const int fd : clients) {
            request.front() = static_cast<char>(round);
            expect(::send(fd, request.data(), request.size(), 0) == request_size, "send failed");
        }
        for (const int fd : clients) {
            expect(::recv(fd, request.data(), request.size(), MSG_WAITALL) == request_size &&
                       request.front() == static_cast<char>(round),
                   "a wrong response");
        }
    }
}

template <typename Peer>
Candidate candidate(std::shared_ptr<const Connections> connections, SampleLength length) {
    return {Peer::name, [connections = std::move(connections), length]() mutable {
                const HeapOffset offset;
                const std::size_t count = connections->servers().size();
                Tally tally;
                Peer peer{capacity_for(count), tally};
                tally.stop_with(peer);
                for (const int fd : connections->servers()) {
                    peer.add(fd);
                }
                const std::int64_t ns = length.time([&](std::uint64_t rounds) {
                    tally.stop_at = tally.calls + rounds * count;
                    std::jthread client{send_requests, connections->clients(), rounds};
                    const std::int64_t start = cpu_ns();
                    peer.run();
                    const std::int64_t took = cpu_ns() - start;
                    client.join();
                    expect(tally.calls == tally.stop_at, "a wrong number of requests");
                    return took;
                });
                return static_cast<double>(ns) / static_cast<double>(length.repeats() * count);
            }};
}

}  // namespace

void add_echo(Points& points) {
    const SampleLength length{points.is_smoke(), /*target_ns=*/10'000'000};
    for (const std::size_t n : points.sizes({1, 64, 1000}, 4)) {
        points.add({"echo", n, 2 * n, /*seconds=*/20, [n, length] {
                        // For the whole process: tools/bench_samples.py starts one for each group.
                        const sched_param none{};
                        sched_setscheduler(0, SCHED_BATCH, &none);
                        const auto connections = std::make_shared<const Connections>(n);
                        std::vector<Candidate> candidates;
                        for_each_peer([&]<template <typename> typename Peer>() {
                            candidates.push_back(candidate<Peer<Echo>>(connections, length));
                        });
                        return candidates;
                    }});
    }
}

}  // namespace bench
