// SPDX-License-Identifier: MIT
// Expect: eventp: the object of a member function that is a handler is not copied: pass an lvalue,
// Expect: a pointer, a std::shared_ptr or a std::weak_ptr
#include <eventp/builder.hpp>
#include <eventp/fd.hpp>

struct App {
    void on_event(eventp::Event);
};

#if defined(EVENTP_CORRECTED)
using Given = App&;
#else
using Given = App;
#endif

void misuse(eventp::ReactorOps& reactor, App& app) {
    static_cast<void>(eventp::interest()
                          .with_fd(eventp::BorrowedFd{0})
                          .with_handler<&App::on_event>(static_cast<Given>(app))
                          .register_into(reactor));
}
