// SPDX-License-Identifier: MIT
//
// The nth allocation of reinit_after_fork() fails in a child, n = 0, 1, 2 and so on.
#include <deque>
#include <new>

#include <gtest/gtest.h>

#include <unistd.h>

#include "support/child.hpp"
#include "support/failing_new.hpp"
#include "support/forker.hpp"

namespace eventp::support {
namespace {

#if defined(__cpp_exceptions)

constexpr int number = 600;  // in a page of the registry that is not allocated yet

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
void check(Reactor& reactor, const std::deque<Forks>& all) {
    std::size_t kept = 0;
    for (const Forks& forks : all) {
        const bool is_there = reactor.contains(forks.name);
        EXPECT_EQ(forks.destroyed, is_there ? 0 : 1);
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
    std::deque<Forks> all(3);
    for (Forks& forks : all) {
        forks.add_to(reactor);
        forks.after_fork = [](Forks& self, ReactorOps&) {
            self.number += number;  // of rows that are not there
            EXPECT_EQ(::dup3(self.file.fd(), self.number, O_CLOEXEC), self.number);
        };
    }
    const OwnedFd failures = make_eventfd();

    eventfd_t failed = 1;
    int nth = 0;
    for (; failed != 0; ++nth) {
        EXPECT_TRUE(holds_in_child([&] {
            if (reinit_failing(reactor, nth)) {
                ASSERT_EQ(::eventfd_write(failures.fd(), 1), 0);
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
