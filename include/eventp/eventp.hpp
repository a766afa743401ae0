// SPDX-License-Identifier: MIT
#pragma once

// Everything but eventp::testing, which needs gmock.
#include <eventp/any_subscriber.hpp>       // IWYU pragma: export
#include <eventp/builder.hpp>              // IWYU pragma: export
#include <eventp/child.hpp>                // IWYU pragma: export
#include <eventp/command.hpp>              // IWYU pragma: export
#include <eventp/device.hpp>               // IWYU pragma: export
#include <eventp/event.hpp>                // IWYU pragma: export
#include <eventp/exit_status.hpp>          // IWYU pragma: export
#include <eventp/fd.hpp>                   // IWYU pragma: export
#include <eventp/handler.hpp>              // IWYU pragma: export
#include <eventp/interest.hpp>             // IWYU pragma: export
#include <eventp/pending_call.hpp>         // IWYU pragma: export
#include <eventp/reactor.hpp>              // IWYU pragma: export
#include <eventp/reactor_ops.hpp>          // IWYU pragma: export
#include <eventp/registration_id.hpp>      // IWYU pragma: export
#include <eventp/remote_endpoint.hpp>      // IWYU pragma: export
#include <eventp/result.hpp>               // IWYU pragma: export
#include <eventp/scoped_registration.hpp>  // IWYU pragma: export
#include <eventp/signal.hpp>               // IWYU pragma: export
#include <eventp/subscriber.hpp>           // IWYU pragma: export
#include <eventp/timer.hpp>                // IWYU pragma: export
#include <eventp/timer_id.hpp>             // IWYU pragma: export
#include <eventp/version.hpp>              // IWYU pragma: export
