// SPDX-License-Identifier: MIT
#include <cstdint>
#include <cstdio>

#include <sys/eventfd.h>
#include <unistd.h>

#include <eventp/eventp.hpp>

// A handler is a plain function. Its parameters are what it needs, in any order.
void on_ready(eventp::OwnedFd& counter, eventp::ReactorOps& reactor) {
    std::uint64_t count = 0;
    if (read(counter.fd(), &count, sizeof count) == sizeof count) {
        std::printf("the counter was %d\n", static_cast<int>(count));
    }
    reactor.stop();
}

int main() {
    eventp::Reactor reactor;  // throws std::system_error; Reactor::create() does not
    const auto added = eventp::interest()
                           .read()
                           .with_fd(eventp::OwnedFd{eventfd(42, EFD_CLOEXEC)})
                           .with_handler<on_ready>()
                           .register_into(reactor);
    return added && reactor.run() ? 0 : 1;
}
