// SPDX-License-Identifier: MIT
// Expect: eventp: a member function that is a handler must belong to the object that it is
// Expect: registered with
#include <eventp/builder.hpp>
#include <eventp/fd.hpp>

struct App {
    void on_event(eventp::Event);
};
struct Other {
    void on_event(eventp::Event);
};

#if defined(EVENTP_CORRECTED)
using Owner = App;
#else
using Owner = Other;
#endif

void misuse(eventp::ReactorOps& reactor, App& app) {
    static_cast<void>(eventp::interest()
                          .with_fd(eventp::BorrowedFd{0})
                          .with_handler<&Owner::on_event>(app)
                          .register_into(reactor));
}
