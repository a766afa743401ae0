// SPDX-License-Identifier: MIT
//
// The result of a handler given to on_exit() would be ignored. [child.parameters]
// Expect: eventp: a handler must return void; its result would be ignored
#include <utility>

#include <eventp/child.hpp>

void misuse(eventp::ChildProcess& child, eventp::ReactorOps& reactor) {
    static_cast<void>(
        std::move(child).on_exit([](eventp::ExitStatus) { return true; }).register_into(reactor));
}
