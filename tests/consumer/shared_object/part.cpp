// SPDX-License-Identifier: MIT
// A shared object that contains the static library.
#include <chrono>

#include <eventp/reactor.hpp>

int used_by_the_program();
int used_by_the_program() {
    auto reactor = eventp::Reactor::create();
    return reactor && reactor->run_once(std::chrono::seconds{0}) ? 0 : 1;
}
