// SPDX-License-Identifier: MIT
#include "groups.hpp"
#include "options.hpp"

int main(int argc, char** argv) {
    bench::Harness harness{bench::options_from(argc, argv)};
    bench::measure_dispatch(harness);
    bench::measure_churn(harness);
    bench::measure_remote(harness);
    bench::measure_timers(harness);
    bench::measure_echo(harness);
    bench::measure_footprint(harness);
    return harness.finish() ? 0 : 3;  // 3: nothing of that name here
}
