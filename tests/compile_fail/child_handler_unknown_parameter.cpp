// SPDX-License-Identifier: MIT
//
// There is no Event for the exit of a child. [child.parameters]
// Expect: eventp: a handler given to on_exit() takes any of ExitStatus, ChildProcess&
#include <utility>

#include <eventp/child.hpp>

void misuse(eventp::ChildProcess& child, eventp::ReactorOps& reactor) {
    static_cast<void>(std::move(child).on_exit([](eventp::Event) {}).register_into(reactor));
}
