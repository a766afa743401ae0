// SPDX-License-Identifier: MIT
#include "groups.hpp"

int main(int argc, char** argv) {
    return bench::run_points(argc, argv, [](bench::Points& points) {
        bench::add_dispatch(points);
        bench::add_churn(points);
        bench::add_remote(points);
        bench::add_timers(points);
        bench::add_echo(points);
        bench::add_footprint(points);
    });
}
