// SPDX-License-Identifier: MIT
//
// A periodic timer, a timer that cancels it, and an idle timeout that each tick postpones.
#include <chrono>
#include <cstdio>

#include <eventp/eventp.hpp>
#include <eventp/timer.hpp>

using namespace std::chrono_literals;

int main() {
    eventp::Reactor reactor;
    auto timers = eventp::Timers::create(reactor);
    if (!timers) {
        return 1;
    }

    const auto idle = timers->after(25ms, [](eventp::ReactorOps& ops) {
        std::printf("nothing has ticked for 25 ms: the end\n");
        ops.stop();
    });
    int ticks = 0;
    const auto ticking = timers->every(10ms, [&](eventp::Expirations expirations) {
        ticks += static_cast<int>(expirations.count());
        std::printf("tick %d%s\n", ticks, expirations.missed() > 0 ? ", late" : "");
        timers->reschedule(*idle, 25ms);
    });
    const auto last = timers->after(55ms, [&] { timers->cancel(*ticking); });

    return idle && ticking && last && reactor.run() && ticks >= 1 ? 0 : 1;
}
