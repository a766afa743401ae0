// SPDX-License-Identifier: MIT
// Loads a plugin, lets it use the reactor, and unloads it, twice; then prints the promises that
// were kept.
//
// Expect: the host finds a visible subscriber of the plugin, and no hidden one [shared_object.find]
// Expect: the plugin was unloaded [shared_object.unload]
// Expect: the reactor works after that
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include <dlfcn.h>

#include "plugin.hpp"

namespace {

void require(bool held, const char* what) {
    if (!held) {
        std::fprintf(stderr, "host: not so: %s\n", what);
        std::exit(1);
    }
}

template <typename F>
F* function(void* plugin, const char* name) {
    void* address = dlsym(plugin, name);
    require(address != nullptr, name);
    return reinterpret_cast<F*>(address);
}

void turn(eventp::Reactor& reactor) {
    require(reactor.run_once(std::chrono::seconds{10}).value_or(0) > 0, "an event arrives in time");
}

void use(const char* path, eventp::Reactor& reactor, eventp::Timers& timers,
         eventp::RemoteEndpoint& endpoint) {
    void* plugin = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    require(plugin != nullptr, "the plugin is loaded");
    Started started;
    function<Start>(plugin, "start")(reactor, timers, endpoint, started);
    Handled* const handled = function<Handled>(plugin, "handled");
    while (handled() < handled_in_all) {
        turn(reactor);
    }
    const Counter* visible = reactor.find<Counter>(started.visible);
    require(visible != nullptr && visible->calls == 1 &&
                reactor.find<HiddenCounter>(started.hidden) == nullptr,
            "the host finds a visible subscriber of the plugin, and no hidden one");
    require(function<Stop>(plugin, "stop")(reactor), "the plugin removes its subscribers");

    require(dlclose(plugin) == 0, "the plugin is closed");
    require(dlopen(path, RTLD_NOW | RTLD_NOLOAD) == nullptr, "the plugin was unloaded");
}

}  // namespace

int main(int /*argc*/, char** argv) {
    eventp::Reactor reactor;
    auto timers = eventp::Timers::create(reactor).value();
    eventp::RemoteEndpoint endpoint{reactor};
    use(argv[1], reactor, timers, endpoint);
    use(argv[1], reactor, timers, endpoint);
    auto own = eventp::AnySubscriber::make<Counter>(1U);
    const auto added = reactor.add(own);
    turn(reactor);
    require(added && reactor.find<Counter>(*added)->calls == 1, "the reactor works after that");
    std::puts("the host finds a visible subscriber of the plugin, and no hidden one");
    std::puts("the plugin was unloaded");
    std::puts("the reactor works after that");
}
