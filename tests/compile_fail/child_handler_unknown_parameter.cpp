// SPDX-License-Identifier: MIT
//
// A child that has ended has no readiness to tell. [child.parameters]
// Expect: eventp: the handler of a child's end takes any of ExitStatus, ChildProcess&
#include <utility>

#include <eventp/child.hpp>

void misuse(eventp::ChildProcess& child, eventp::ReactorOps& reactor) {
    static_cast<void>(std::move(child).on_exit([](eventp::Event) {}).register_into(reactor));
}
