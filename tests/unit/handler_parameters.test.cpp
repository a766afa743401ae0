// SPDX-License-Identifier: MIT
//
// Every ordered subset of the five parameters, as a function that is registered as a handler. The
// compiler enumerates them; the count is 5!/5! + 5!/4! + 5!/3! + 5!/2! + 5!/1! + 5!/0! = 326.
#include <set>
#include <string>
#include <type_traits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/epoll.h>

#include <eventp/handler.hpp>
#include <eventp/testing/mock_reactor.hpp>

namespace eventp {
namespace {

struct Pipe {
    [[nodiscard]] static int fd() noexcept { return 7; }
};

constexpr Event reported{EPOLLIN | EPOLLPRI};
constexpr Interest told = Interest{}.read().oneshot();
constexpr RegistrationId own_id{7, 42};
const Pipe* pipe_there = nullptr;
const ReactorOps* reactor_there = nullptr;

/// What a parameter was given, as one letter; '!' if it is wrong.
char letter(const Pipe& given) {
    return &given == pipe_there ? 'D' : '!';
}
char letter(Event given) {
    return given == reported ? 'E' : '!';
}
char letter(Interest given) {
    return given == told ? 'I' : '!';
}
char letter(RegistrationId given) {
    return given == own_id ? 'N' : '!';
}
char letter(const ReactorOps& given) {
    return &given == reactor_there ? 'R' : '!';
}

std::string received;

template <typename... A>
void handler(A... given) {
    (received.push_back(letter(given)), ...);
}

template <typename T>
constexpr char letter_of = std::is_same_v<T, Pipe&>         ? 'D'
                           : std::is_same_v<T, Event>       ? 'E'
                           : std::is_same_v<T, Interest>    ? 'I'
                           : std::is_same_v<T, ReactorOps&> ? 'R'
                                                            : 'N';

class HandlerParameters : public ::testing::Test {
protected:
    /// Calls a handler that takes exactly A..., and then all that take one parameter more.
    template <typename... A>
    void call_all() {
        void (*const function)(A...) = &handler<A...>;
        Pipe pipe;
        begin(pipe);

        detail::Arguments<std::remove_reference_t<decltype(pipe)>> arguments{pipe, reported, told,
                                                                             own_id, reactor};
        detail::call_handler(function, arguments);

        constexpr char expected[] = {letter_of<A>..., '\0'};
        end(expected);
        call_with<Pipe&, A...>();
        call_with<Event, A...>();
        call_with<Interest, A...>();
        call_with<RegistrationId, A...>();
        call_with<ReactorOps&, A...>();
    }

    template <typename Next, typename... A>
    void call_with() {
        if constexpr (!(std::is_same_v<Next, A> || ...)) {
            call_all<A..., Next>();
        }
    }

    // Not in the template: 326 copies of them cost more time than all the rest.
    void begin(const Pipe& pipe) {
        pipe_there = &pipe;
        reactor_there = &reactor;
        received.clear();
    }
    void end(const char* expected) {
        EXPECT_EQ(received, expected);
        seen.emplace(expected);
    }

    ::testing::NiceMock<testing::MockReactor> reactor;
    std::set<std::string> seen;  // each list of parameters once
};

TEST_F(HandlerParameters, HaveTheRightValueInEveryOrderedSubset)  // [handler.parameters]
{
    call_all<>();

    EXPECT_EQ(seen.size(), 326U);
}

}  // namespace
}  // namespace eventp
