// SPDX-License-Identifier: MIT
//
// The nth allocation of reinit_after_fork() fails in a child, n = 0, 1, 2 and so on.
#include <deque>
#include <new>

#include <gtest/gtest.h>

#include <unistd.h>

#include "support/allocations.hpp"
#include "support/forks.hpp"
#include "support/source.hpp"

namespace eventp::support {
namespace {

#if defined(__cpp_exceptions)

/// Reinitialises the copy with one allocation that fails. False if there were not so many.
bool reinit_failing(Reactor& reactor, int nth) {
    const FailingNew failing{nth};
    bool thrown = false;
    try {
        EXPECT_TRUE(reactor.reinit_after_fork());
    } catch (const std::bad_alloc&) {
        thrown = true;
    }
    EXPECT_EQ(thrown, failing.has_failed());
    return thrown;
}

/// Every subscriber is registered and reported, or destroyed; and new ones are reported.
void check(Reactor& reactor, const std::deque<Source>& all) {
    std::size_t kept = 0;
    for (const Source& source : all) {
        const bool is_there = reactor.contains(source.name);
        EXPECT_EQ(source.destroyed, is_there ? 0 : 1);
        kept += is_there ? 1 : 0;
    }
    EXPECT_EQ(reactor.stats().registered, kept);
    EXPECT_EQ(poll(reactor), kept);
    Source childs;
    childs.add_to(reactor);
    childs.signal();
    EXPECT_EQ(poll(reactor), kept + 1);
    EXPECT_TRUE(reactor.remove(childs));
}

TEST(FailingAllocation, OfReinitAfterForkLeavesTheChildAWorkingReactor) {  // [fork.reinit]
    Reactor reactor;
    std::deque<Source> all(3);
    for (Source& source : all) {
        source.after_fork = [](Source& self, ReactorOps&) {
            self.number += number_in_a_new_page;  // of rows that are not there
            EXPECT_EQ(::dup3(self.file.fd(), self.number, O_CLOEXEC), self.number);
        };
        source.add_to(reactor);
        source.signal();
    }
    const OwnedFd failures = make_eventfd();

    eventfd_t failed = 1;
    int nth = 0;
    for (; failed != 0; ++nth) {
        EXPECT_TRUE(holds_in_child([&] {
            if (reinit_failing(reactor, nth)) {
                signal(failures);
                EXPECT_TRUE(reactor.reinit_after_fork());
            }
            check(reactor, all);
        })) << "allocation "
            << nth;
        failed = 0;
        static_cast<void>(::eventfd_read(failures.fd(), &failed));
    }

    EXPECT_GE(nth, 2) << "nothing was allocated";
    EXPECT_EQ(poll(reactor), 3U);
}

#endif  // __cpp_exceptions

}  // namespace
}  // namespace eventp::support
