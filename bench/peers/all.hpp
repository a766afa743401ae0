// SPDX-License-Identifier: MIT
#pragma once

#include "design_siphash.hpp"
#include "design_token_table.hpp"
#include "eventp.hpp"
#include "raw_epoll.hpp"

#if defined(EVENTP_BENCH_LIBEVENT)
#include "libevent.hpp"
#endif
#if defined(EVENTP_BENCH_LIBEV)
#include "libev.hpp"
#endif
#if defined(EVENTP_BENCH_LIBUV)
#include "libuv.hpp"
#endif
#if defined(EVENTP_BENCH_ASIO)
#include "asio.hpp"
#endif
#if defined(EVENTP_BENCH_SD_EVENT)
#include "sd_event.hpp"
#endif

namespace bench {

/// Calls `visit.template operator()<Peer>()` for each peer that is installed.
template <typename Visit>
void for_each_peer(Visit visit) {
    visit.template operator()<RawEpoll>();
    visit.template operator()<Eventp>();
    visit.template operator()<DesignTokenTable>();
    visit.template operator()<DesignSiphash>();
#if defined(EVENTP_BENCH_LIBEVENT)
    visit.template operator()<Libevent>();
#endif
#if defined(EVENTP_BENCH_LIBEV)
    visit.template operator()<Libev>();
#endif
#if defined(EVENTP_BENCH_LIBUV)
    visit.template operator()<Libuv>();
#endif
#if defined(EVENTP_BENCH_ASIO)
    visit.template operator()<Asio>();
#endif
#if defined(EVENTP_BENCH_SD_EVENT)
    visit.template operator()<SdEvent>();
#endif
}

}  // namespace bench
