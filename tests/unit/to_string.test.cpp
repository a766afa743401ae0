// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <sys/epoll.h>

#include <eventp/event.hpp>
#include <eventp/interest.hpp>
#include <eventp/registration_id.hpp>

namespace eventp {
namespace {

TEST(ToString, WritesAnInterestWithTheNamesOfLinux) {
    EXPECT_EQ(to_string(Interest{}.read().edge_triggered()), "EPOLLIN|EPOLLET");
    EXPECT_EQ(to_string(Interest{}.write().exclusive().keep_awake()),
              "EPOLLOUT|EPOLLEXCLUSIVE|EPOLLWAKEUP");
    EXPECT_EQ(to_string(Interest{}.oneshot().read_hangup().priority()),
              "EPOLLPRI|EPOLLRDHUP|EPOLLONESHOT");
}

TEST(ToString, WritesAnEventWithTheNamesOfLinux) {
    EXPECT_EQ(to_string(Event{EPOLLIN | EPOLLERR | EPOLLHUP}), "EPOLLIN|EPOLLERR|EPOLLHUP");
    EXPECT_EQ(to_string(Event{EPOLLRDNORM | EPOLLRDBAND | EPOLLWRNORM | EPOLLWRBAND | EPOLLMSG}),
              "EPOLLRDNORM|EPOLLRDBAND|EPOLLWRNORM|EPOLLWRBAND|EPOLLMSG");
}

TEST(ToString, WritesNoBitsAsZero) {
    EXPECT_EQ(to_string(Interest{}), "0");
    EXPECT_EQ(to_string(Event{}), "0");
}

TEST(ToString, WritesBitsWithoutANameAsANumber) {
    EXPECT_EQ(to_string(Event{EPOLLIN | (1U << 20U)}), "EPOLLIN|1048576");
}

TEST(ToString, WritesARegistrationIdAsDescriptorAndGeneration) {
    EXPECT_EQ(to_string(RegistrationId{7, 42}), "7#42");
    EXPECT_EQ(to_string(RegistrationId{}), "-1#0");
}

}  // namespace
}  // namespace eventp
