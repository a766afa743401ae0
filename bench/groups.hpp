// SPDX-License-Identifier: MIT
#pragma once

#include "harness.hpp"

/// Each measures those of its groups that are wanted.
namespace bench {

void measure_dispatch(Harness& harness);   // one_ready, multi_fd, all_ready, dispatch_only
void measure_churn(Harness& harness);      // churn, churn_turn, modify
void measure_remote(Harness& harness);     // post, call
void measure_timers(Harness& harness);     // timers
void measure_echo(Harness& harness);       // echo
void measure_footprint(Harness& harness);  // memory_bytes, startup

}  // namespace bench
