// SPDX-License-Identifier: MIT
//
// growth ROW N: performs one operation several times beside N other registrations (or timers, or
// closures) and prints how often. "growth list" prints the rows. tools/bench_growth.py runs it
// under callgrind, counts instructions and system calls, and fails when they grow with N.
#include "growth.hpp"

#include <cstdio>
#include <cstdlib>
#include <span>
#include <string_view>

#include <unistd.h>

// Not inlined, so that callgrind finds it by its name.
extern "C" [[gnu::noinline]] void eventp_bench_measured(void (*run)(void*), void* context) {
    static_cast<void>(::getppid());
    run(context);
    static_cast<void>(::getppid());
}

int main(int argc, char** argv) {
    using namespace bench;
    const std::string_view wanted = argc > 1 ? argv[1] : "";
    const std::size_t n = argc == 3 ? std::strtoull(argv[2], nullptr, 10) : 0;
    bool is_done = wanted == "list";
    expect(raise_open_files() > n + 200, "the limit on open files is too low");
    for (const auto rows : {growth::registration_rows(), growth::source_rows()}) {
        for (const growth::Row& row : rows) {
            if (wanted == "list") {
                std::puts(row.name.data());
            } else if (wanted == row.name && n > 0) {
                is_done = true;
                std::printf("%zu\n", row.run(n));
            }
        }
    }
    expect(is_done, "ROW N, or list");
}
