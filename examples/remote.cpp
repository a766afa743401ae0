// SPDX-License-Identifier: MIT
//
// Threads that share a table without a lock, because only the reactor's thread accesses it. They
// get their work from closures that they call there, and post their results.
#include <cstdio>
#include <thread>
#include <utility>
#include <vector>

#include <eventp/eventp.hpp>

namespace {

constexpr int limit = 200'000;
constexpr int part = 5000;

struct Table {
    int next = 0;  // the beginning of the next part
    int primes = 0;
    int workers = 4;  // threads that have not finished
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
        next = endpoint.call_async(take);  // fetched while this thread counts
        const int found = primes_between(*begin, *begin + part);
        static_cast<void>(endpoint.post([&table, found] { table.primes += found; }));
    }
    // The last closure of this thread: a call would get no result after the reactor has stopped.
    static_cast<void>(endpoint.post([&table](eventp::ReactorOps& reactor) {
        if (--table.workers == 0) {
            reactor.stop();
        }
    }));
}

}  // namespace

int main() {
    Table table;  // before the reactor: posted closures refer to it
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
