// SPDX-License-Identifier: MIT
#include <eventp/event.hpp>

#include <cstdint>
#include <type_traits>

#include <gtest/gtest.h>

#include <sys/epoll.h>

namespace eventp {
namespace {

struct Query {
    const char* name;
    std::uint32_t bits;  // any of which makes it true
    bool (Event::*is)() const noexcept;
};

constexpr Query queries[] = {
    {"is_readable", EPOLLIN, &Event::is_readable},
    {"is_writable", EPOLLOUT, &Event::is_writable},
    {"is_priority", EPOLLPRI, &Event::is_priority},
    {"is_error", EPOLLERR, &Event::is_error},
    {"is_hangup", EPOLLHUP, &Event::is_hangup},
    {"is_read_closed", EPOLLRDHUP | EPOLLHUP, &Event::is_read_closed},
};

TEST(Event, TestsTheBitsOfEachCondition) {
    for (const Query& query : queries) {
        SCOPED_TRACE(query.name);
        for (std::uint32_t bit = 1; bit != 0; bit <<= 1U) {
            EXPECT_EQ((Event{bit}.*query.is)(), (bit & query.bits) != 0) << bit;
        }
        EXPECT_FALSE((Event{}.*query.is)());
    }
}

TEST(Event, ReportsSeveralConditionsAtOnce) {
    constexpr Event event{EPOLLIN | EPOLLHUP};

    static_assert(event.is_readable() && event.is_hangup() && event.is_read_closed());
    static_assert(!event.is_writable());
    EXPECT_EQ(event.bits(), std::uint32_t{EPOLLIN | EPOLLHUP});
}

TEST(Event, IsEqualToAnEventOfTheSameBits) {
    EXPECT_EQ(Event{EPOLLIN}, Event{EPOLLIN});
    EXPECT_NE(Event{EPOLLIN}, Event{EPOLLOUT});
    static_assert(!std::is_convertible_v<std::uint32_t, Event>);
    static_assert(sizeof(Event) == sizeof(std::uint32_t));
}

}  // namespace
}  // namespace eventp
