// SPDX-License-Identifier: MIT
#pragma once

#include <utility>

#include <eventp/eventp.hpp>

namespace bench {

/// RemoteEndpoint::post() and call().
class EventpPosts {
public:
    static constexpr const char* name = "eventp";

    template <typename F>
    void post(F closure) {
        static_cast<void>(endpoint_.post(std::move(closure)));
    }
    void call() {
        static_cast<void>(endpoint_.call([] {}));
    }
    void run() { static_cast<void>(reactor_.run()); }
    void stop() { reactor_.stop(); }

private:
    eventp::Reactor reactor_;
    eventp::RemoteEndpoint endpoint_{reactor_};
};

}  // namespace bench
