// SPDX-License-Identifier: MIT
//
// Threads that share a table without a lock: only the reactor's thread ever touches it. They ask it
// for work, and hand it what they have found.
#include <cstdio>
#include <thread>
#include <utility>
#include <vector>

#include <eventp/eventp.hpp>

namespace {

constexpr int limit = 200'000;
constexpr int part = 5000;

struct Table {
    int next = 0;  // where the next part begins
    int primes = 0;
    int workers = 4;  // that have not ended
};

int primes_between(int begin, int end) {
    int count = 0;
    for (int number = begin; number < end; ++number) {
        bool is_prime = number > 1;
        for (int divisor = 2; is_prime && divisor * divisor <= number; ++divisor) {
            is_prime = number % divisor != 0;
        }
        count += is_prime ? 1 : 0;
    }
    return count;
}

void work(const eventp::RemoteEndpoint& endpoint, Table& table) {
    const auto take = [&table] { return std::exchange(table.next, table.next + part); };
    auto next = endpoint.call_async(take);
    for (;;) {
        const eventp::Result<int> begin = std::move(next).get();
        if (!begin || *begin >= limit) {
            break;
        }
        next = endpoint.call_async(take);  // on its way while we count
        const int found = primes_between(*begin, *begin + part);
        static_cast<void>(endpoint.post([&table, found] { table.primes += found; }));
    }
    // The last that this thread asks for: nobody waits for an answer once the reactor has stopped.
    static_cast<void>(endpoint.post([&table](eventp::ReactorOps& reactor) {
        if (--table.workers == 0) {
            reactor.stop();
        }
    }));
}

}  // namespace

int main() {
    Table table;  // first: what is posted refers to it as long as there is a reactor
    eventp::Reactor reactor;
    const eventp::RemoteEndpoint endpoint{reactor};
    std::vector<std::jthread> threads;
    for (int i = table.workers; i > 0; --i) {
        threads.emplace_back([endpoint, &table] { work(endpoint, table); });
    }
    if (!reactor.run()) {
        return 1;
    }
    std::printf("%d primes below %d\n", table.primes, limit);
    return 0;
}
