// SPDX-License-Identifier: MIT
// A program of a user: one event through everything that the package must contain.
#include <chrono>
#include <utility>

#include <sys/eventfd.h>

#include <eventp/builder.hpp>
#include <eventp/reactor.hpp>

int main() {
    auto reactor = eventp::Reactor::create();
    if (!reactor) {
        return 1;
    }
    int called = 0;
    const auto added =
        eventp::interest()
            .edge_triggered()
            .read()
            .with_fd(eventp::OwnedFd{eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK)})
            .with_handler([&called](eventp::Event event) { called += event.is_readable() ? 1 : 0; })
            .register_into(*reactor);
    if (!added) {
        return 2;
    }
    const auto ran = reactor->run_once(std::chrono::seconds{10});
    return ran && called == 1 ? 0 : 3;
}
