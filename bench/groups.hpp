// SPDX-License-Identifier: MIT
#pragma once

#include "harness.hpp"

/// Each adds the points of its groups.
namespace bench {

void add_dispatch(Points& points);   // one_ready, multi_fd, all_ready, dispatch_only
void add_churn(Points& points);      // churn, churn_turn, modify
void add_remote(Points& points);     // post, call
void add_timers(Points& points);     // timers
void add_echo(Points& points);       // echo
void add_footprint(Points& points);  // memory_bytes, startup

}  // namespace bench
